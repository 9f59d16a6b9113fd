"""The built-in responder's rules, one kind of request per file. A rule takes a `Case` and answers it or passes."""
