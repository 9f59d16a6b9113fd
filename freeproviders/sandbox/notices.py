"""Texts Yqcloud sends in the place of an answer: bans, announcements, refusals; rebuilt from public reports."""

from __future__ import annotations

TOO_LONG = "文字过长，请删减后重试。"

_BAN = (
    "sorry, 您的ip已由于触发防滥用检测而被封禁,本服务网址是 https://chat18.aichatos8.com 如果需要合作接口调用服务请联系"
    "微信chatkf123 或者前往 https://binjie09.shop 自助购买key, 认为是误封需要解封的请前往 "
    "https://www.ip.cn/ 检查ip地址是否为中国大陆以外的地区, 正确关闭代理后重试。"
    "接口文档 https://apifox.com/apidoc/shared-803e9df6-a071-4b3e-9d69-ea1281614d82"
)
_BAN_2026 = (
    "抱歉，您的ip已被限制访问：触发防滥用检测。请使用官方站点 https://iai.aichatos8.com.cn 或 https://chatavx.com ，"
    "购买key请前往 https://binjie09.shop ，更多信息见 https://binjie.site ，"
    "客服微信 chatkf123 ，接口文档 https://apifox.com/apidoc/shared-803e9df6"
)
_ANNOUNCEMENT = "系统公告：今晚 23:00 至 24:00 进行系统维护，期间服务可能中断，敬请谅解。"
_APOLOGY = "很抱歉地通知您，当前服务暂时无法回答这个问题，请稍后再试。"
_MOVED = "当前站点不再提供免费接口服务，请前往 https://c.binjie.fun 使用，如有疑问请联系邮箱 support@binjie.fun。"
_ADVERT = "更多功能，请访问官方网站 {origin} ，新用户注册即送额度。"

_NOTICES = {
    "ban": _BAN,
    "ban_2026": _BAN_2026,
    "announcement": _ANNOUNCEMENT,
    "apology": _APOLOGY,
    "moved": _MOVED,
    "advert": _ADVERT,
    "too_long_200": TOO_LONG,
}
NAMES = frozenset(_NOTICES)


def notice(name: str, origin: str) -> str:
    """Give a notice.

    Args:
        name: One of `NAMES`.
        origin: The site the request came from; the advert quotes it.

    Returns:
        The text that comes as the answer.
    """
    return _NOTICES[name].replace("{origin}", origin)
