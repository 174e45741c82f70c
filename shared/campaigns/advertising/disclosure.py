"""What an offer must have beside it: the condition or term of a benefit, the annual rate of a rate.

Limits and costs are stated beside the offer; every loan product states its annual rate (PBOC
announcement 2021 No. 3). A text that promises an amount or a waiver states a condition or a term,
or says where the rules stand. So 最高可得 ¥500 alone is flagged, and with 以活动规则为准 it is not:
an upper bound is a fact, but only together with what it bounds. Patterns are over folded texts.
"""

from __future__ import annotations

import re

_FIGURE = r"(?:\d[\d,.]*|[一二三四五六七八九十两百千万几数]+)"
_AMOUNT = (
    rf"(?:(?:¥|\$|nt\$?|hk\$?|us\$|rmb|cny) ?\d[\d,.]*(?:万|千)?|{_FIGURE}(?:多|余)?(?:元|块|圆|万"
    rf"|千|人民币|现金|积分|点|港元|港币|里程|哩|大洋)"
    r"|\d[\d,.]*%|(?:百|千|万)元)"
)
_GIVES = (
    "(?:送|(?<!捐)赠|得|领|拿|享|返|减|奖励?|赚|抵|获|给|回馈|红包|到手|补贴|返现|刷卡金|回赠|多至"
    "|高达|低至|最高)"
)
_PROMISE = re.compile(
    rf"{_GIVES}[^,。!?;\n]{{0,8}}?{_AMOUNT}"
    rf"|{_AMOUNT}[^,。!?;\n]{{0,4}}?(?:红包|现金|奖励|礼|刷卡金|回馈|返现|返还|到手|拿走|带走|免费"
    rf"|券|话费|购物金|好处|回赠|优惠)"
    rf"|(?:额度|授信|信用额)[^,。!?;\n]{{0,4}}{_AMOUNT}"
    "|(?:免|无|零|0|不收|全免|减免)(?:收|首年|主附卡|主卡|附属卡|任何)?年费|年费(?:全免|减免|免|0"
    "|零|不收)|免手续费|手续费全免|免息(?!期|还款期)"
    r"|(?:零|0)(?:利率|利息|手续费|息)|(?:立|直|即)(?:返|减|得|送|赠|领) ?\d|(?:没有|无需|不用交?"
    "|不必交)年费|(?:注册|登记|扫码|下载|关注|进群|推荐[^,。!?]{0,3}|邀请[^,。!?]{0,3})(?:就|即|立"
    "|马上|直接|可)?(?:送|赠)(?!达|到|出)|(?:(?<!发)送|赠|奖励?|得|领)[^,。!?;\n]{0,4}(?:ipad"
    "|iphone"
    "|airpods|手机(?!号|支付|银|短信|尾号)|平板|手表|行李箱|拉杆箱|电饭煲|空气炸锅|京东卡|加油卡"
    "|购物卡|话费)|免利息"
    "|免费(?:领|送|拿|得|赠)"
    "|(?:办|开|申请|申办|下|刷)(?:了)?(?:一张)?卡?(?:就|即|立即|马上|直接|即可|成功即)?(?:送"
    "|赠)(?!达|到|出)"
    r"|[¥$€£] ?\d[\d,.]*[^.;!?\n]{0,40}\b(?:for (?:every|each|you|free)|in cash|cash ?back|bonus"
    r"|reward|gift|credit|off|welcome|is yours|free)\b"
    r"|\b(?:get|earn|receive|pocket|win|claim|enjoy|collect|grab|gets|earns|take home|pays you"
    r"|we(?:ll| will)? (?:give|pay) you|bonus|reward|cash ?back|save|up to)\b"
    r"[^.;!?\n]{0,30}?(?:[¥$€£] ?\d|\b(?:rmb|cny|hkd|usd) ?\d|\d[\d,.]* ?(?:yuan|rmb|dollars"
    r"|points|miles|cny|%))"
    r"|\bfree (?:cash|gifts?|suitcase|flights?|phone|money)\b|\bno annual fees?\b"
    r"|\bannual fees?(?: is| are)? (?:waived|free)|\bwaived annual|\bfee free\b"
    r"|(?<!days )\binterest free\b(?! (?:period|days))|\ball fees (?:are )?waived|\b0% (?:interest"
    r"|apr"
    r"|instal)",
    re.ASCII,
)
_TERMS = re.compile(
    r"(?<!年)满 ?[¥$\dnhr一二三五六八十]|刷满|(?<!年)满\d|达标|首刷|首笔|首年|首月|首个月|首期"
    r"|第一年|第一笔|次年|次月|成功(?:核|办|开|申|推|激|注|邀|绑)|核卡|获批|批核|首次消费"
    r"|见[^,。!?]{0,6}(?:公示|公告|官网|协议|合约|合同|页面|说明)|(?:按|依)[^,。!?]{0,6}(?:规定"
    r"|标准|协议|合约|合同)|(?:办卡|核卡|申请|审核|开卡|推荐|邀请|登记|注册|绑定)成功(?!率)"
    r"|(?:核卡|核准|获批|激活|达成|核发|开卡)后"
    r"|[天日]内|个月内|年内|期间|截至|截止|\d[日号]前|前 ?[\d一二三五十百]+|限前|仅限|限量|每户限"
    r"|每人限|名额|(?<![无没])上限|总额|即止|\d ?位|激活|为限|以内|不超过"
    r"|每[月年日户笔期季位人][^,。!?]{0,8}(?:最多|最高|限|不超|上限|至多|以|须|仅)|每成功|当年"
    r"|当月"
    r"|(?<!潜)规则|条款|细则|办法|章程|详见|详情(?!私|加|咨询我|找我|联系我|问我)|见页面|见邀请页"
    r"|为准|(?<!无)(?<!任何)(?<!没有)条件|符合|资格|(?<![无不毋免])(?:须|需)(?!要?多|求)|达到|累计"
    r"|完成|任务|冷静期|待发放|已到账|已得|已获|预计"
    r"|审批结果|由银行|由本行|再\d+位|注册满|持卡|阶梯|年化|合资格|指定商户|(?:每|单)(?:消费|刷)"
    r"|消费\d|计息|收取|按期全额|其后|之后每|此后"
    r"|\bearned\b|\bper [¥$]|\bfor every [¥$]|\bper (?:purchase|yuan|dollar)|\bonce approved"
    r"|\bupon approval|\bwhen (?:your friend|they\w*|a friend|the friend) (?!appl|sign|click|open)"
    r"|\bat least\b|\bwithin \d|\bafter (?:your|the|a|an|\d|you|they|approval)|\bonce (?:you|your"
    r"|they|a|the)\b|\bwhen (?:your friend|they|you|a friend) \w*(?:spend|qualif|make|have|activat"
    r"|pay|complet|meet)"
    r"|\bif you (?:spend|make|pay|meet)|\bqualif|\bcomplet(?:es?|ed|ing)\b|\bterms\b"
    r"|(?<!no )(?<!without )(?<!zero )\bconditions?\b|\brules?\b|\bt ?& ?c|\bsubject to\b"
    r"|\bsee (?:the|our|page)|\bprogramme\b|\bfirst (?:\d+ |few |two |three |six )?(?:purchase"
    r"|year|spend|month|instal)|\bfor (?:\d+|six|twelve|three) (?:months?|years?|days)"
    r"|\bminimum\b|\bspend(?:ing)? (?:of )?[¥$]|\b(?:a|per|each|every) (?:month|year|calendar)\b"
    r"|\blimited to\b|\blimits? (?:apply|of)\b|\bcap(?:ped)?\b|\bonly (?:for|if|when)\b|\beligib"
    r"|\bpending\b"
    r"|\bestimated\b|\bexpected\b|\bcooling\b|\bmore friends?\b|\bpurchases? (?:of|in|within"
    r"|made)\b|\d purchases\b|\bactivation\b|\bif approved\b|\bon approval\b|\buntil \d"
    r"|\bthen [¥$\d]",
    re.ASCII,
)
_DENIED = re.compile(r"(?:不是|并非|没有|不|\bnot|\bnone of this is|\bnever|\bis no) ?$", re.ASCII)
_RATE = re.compile(
    r"(?:超低|极低|超级低)(?:的)?(?:费率|利率|利息|息费)|(?:费率|利率|利息)(?:超|极|特别|非常)低"
    r"|(?<![降较最减])低(?:利率|息|费率|利息)|(?:利率|费率|利息)[^,。;!?\n]{0,4}(?:低至|仅|只要"
    r"|最低|才|不到|只有|只需)[^,。;!?\n]{0,3}\d[\d.]*%|(?:日息|日利率?|月息|月利率?|月费率"
    r"|月手续费率?|每[期月](?:的)?(?:手续费|利息|费率|利率|只要|仅|费用)"
    r"|分期[^,。;\n]{0,6}?(?:费率?|利率|利息)|每[天日](?:的)?(?:利息|只要|只需|仅)|日费率"
    r"|借[^,。;\n]{0,5}每天|利息)"
    r"[^,。;!?\n]{0,8}?(?:\d[\d.]*%|万分之?[一二三四五六七八九几\d]|万[一二三四五六](?!元|块)"
    r"|千分之|\d厘|[一二三四五]厘|几[块元毛]|\d[\d.]*[块元毛])"
    r"|\b(?:super|ultra|rock bottom|unbelievably|incredibly) ?(?:low )?(?:rates?|interest|apr)\b"
    r"|\b(?:rates?|interest)\b[^.;!?\n]{0,12}(?:from|as low as|only|just) (?:only "
    r"|just )?\d[\d.]*%|(?:instal?ments?|interest|rate|borrow\w*|loans?|repay\w*"
    r"|fee)\b[^;!?\n]{0,30}?\d[\d.]*% ?(?:of the amount )?(?:a|per|each|every) (?:day|month"
    r"|instal)"
    r"|\d[\d.]*% (?:a|per|each|every|daily|monthly) ?(?:day|month"
    r"|instal?ment)?\b[^;!?\n]{0,12}\b(?:interest|rate|fee|instal)",
    re.ASCII,
)
_ANNUAL = re.compile(
    r"年化|年利率|年率|年息|单利|总费用年百分率|\b(?:a|per) (?:year|annum)\b|\bannual(?:ly|ised"
    r"|ized)?\b|\bapr\b|\byearly\b|\bp\.? ?a\b",
    re.ASCII,
)


def undisclosed(folded: str) -> re.Match[str] | None:
    """The first promise of an amount or a waiver in a text that names no condition or term."""
    if states_terms(folded):
        return None
    hits = _PROMISE.finditer(folded)
    return next((hit for hit in hits if not _DENIED.search(folded[: hit.start()])), None)


def states_terms(folded: str) -> bool:
    """Whether a text names a condition or term, or says where they stand."""
    return _TERMS.search(folded) is not None


def rate_alone(folded: str) -> re.Match[str] | None:
    """The first rate for less than a year in a text that names no annual rate."""
    return None if _ANNUAL.search(folded) else _RATE.search(folded)
