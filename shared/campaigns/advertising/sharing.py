"""What WeChat and Telegram do not let a text do to be passed on, in both languages.

Nobody is rewarded for the act of sharing, only for a completed referral. WeChat's rules on
external links forbid to lure (rewards, collecting likes, helping to bargain), to compel (share to
unlock) and to threaten into sharing; Telegram's terms forbid spam and bots that make people send
it. A text that speaks of a completed referral is none of these. Patterns are over folded texts.
"""

from __future__ import annotations

import re

from shared.campaigns.advertising.rules import Ban, Channel, Rule, compiled

_SHARE = (
    "(?:(?<!消费)(?<![与跟和向][你您])分享(?!给[你您]|一[张款]|我(?!的)|这张卡|好卡|权益)|转发"
    "|转给|转到"
    "|发朋友圈|发圈|发到(?=朋友圈|[^,。]{0,4}群)|发到?群|晒(?:单|图|朋友圈|到)|扩散|推送给|点赞"
    "|群发)"
)
_GAIN = (
    "(?:领(?![先导队带悟])|红包|奖(?!励只)|赚|(?<![觉值懂记])得(?=¥|\\d|[一二三五十百]|红包|奖"
    "|积分|现金|礼|钱|点)"
    "|即得|立得|可得|拿(?=红包|奖|钱|礼|现金|\\d|¥|走|好处|点)|返(?=现|利|\\d|¥|点)"
    "|抽(?![查样空时出象离烟])|中奖"
    "|礼(?=品|包|物|金|$|[,!。])|优惠券"
    "|券|现金|积分|点数|免费|加倍|(?<![接配递发])送(?!达|机|给|上|你|您|别|行|货)|报酬|佣金|酬)"
)
_SHARE_EN = (
    r"\b(?:share|sharing|forward(?:ing)?|re ?post|retweet|repost(?:ing)?|post this|send this"
    r"|like and)\b"
)
_GAIN_EN = (
    r"\b(?:get|win|earn|receive(?! (?:it|them))|rewards?|gifts?|bonus|paid|pay you|cash|points"
    r"|coupons?|prizes?|lucky draw|red packets?|money|free)\b"
)
_HOW_MANY = r"(?:\d+|[一二三四五六七八九十两几]+|多|各|所有|全部)"
_COMPLETED = (
    "达标|(?:办卡|核卡|申请)成功|首刷|完成(?:办卡|首刷|推荐)|核卡|没有|不|无|并非|与|是否|而非"
    "|禁止|勿|好友[^,。]{0,4}(?:后您|办卡|开卡)|登记"
    r"|\bqualif|\bcomplet|\bapproved\b|\bactivat|\bfirst purchase|\bmake (?:a|one"
    r"|your) (?:first )?purchase|\bpurchase of (?:at least )?[¥$]|\bnever\b|\bnot\b|\bno\b"
    r"|\bonce (?:they|your friend)|\bagreed\b|\bwhen your friend"
)

SHARING = (
    Ban(
        Rule.SHARE_REWARD,
        f"{_SHARE}[^。!?\n]{{0,16}}?{_GAIN}|(?:每|凡)(?:转发|分享|发)[^,。]{{0,8}}(?:元|¥|块|积分)",
        unless_around=_COMPLETED,
        unless_before="(?:不会?|从不|没有|绝不|并不)[^,。]{0,8}$",
    ),
    Ban(
        Rule.SHARE_REWARD,
        f"{_GAIN}[^。!?\n]{{0,10}}(?:只要|只需|仅需|方法|动动手指|来)[^。!?\n]{{0,4}}(?:转发|分享"
        f"|发圈|发朋友圈)",
        unless_around=_COMPLETED,
    ),
    Ban(
        Rule.SHARE_REWARD,
        "集(?:齐|满|够)?[^,。]{0,5}?(?:个)?赞|攒赞|求赞|点赞(?:满|达|最多)|拉票|砍一?刀|砍价"
        "|帮我(?:砍|点一下|投票|助力|加速|拆)|助力(?:满|领|得|即|成功|免费|拿|值|一下|就)|(?:邀请"
        "|好友|帮我|帮忙|找)(?:好友|朋友|人)?助力|关注[^,。!?]{0,8}(?:领|送|得|抽)|集(?:福|碎片"
        "|五福)|拼手气|拆红包|瓜分",
        unless_around="禁止|不得|不支持",
    ),
    Ban(
        Rule.SHARE_REWARD,
        f"{_SHARE_EN}[^.!?\n]{{0,45}}?{_GAIN_EN}",
        unless_around=_COMPLETED,
    ),
    Ban(
        Rule.SHARE_REWARD,
        r"\b(?:paid|rewards?|earn|get|cash|money|points|bonus|gifts?)\b[^.!?\n]{0,25}\b(?:for|by"
        r"|per|with) (?:every |each |the |just |simply )?(?:share|sharing|forward\w*|post\w*"
        r"|repost\w*|likes?)\b|\bcollect \d+ likes\b|\bthe more you (?:share|forward|post)"
        r"|\btag (?:\w+ ){0,2}friends?\b",
        unless_around=r"\bnot\b|\bnever\b",
        unless_before=r"\b(?:not|never|no|nobody|no one|completed referral)\b.*$",
    ),
    Ban(
        Rule.SHARE_DEMAND,
        "(?:转发|分享|发朋友圈|发圈|发群|晒)[^。!?\n]{0,12}?(?:后?才(?:能|可|会)|(?:后)?方(?:可"
        "|能)|后?(?:即可|可|就能|就可以)?(?:解锁|激活资格)|(?:后)?(?:即可|就能|就可以|后可)(?:领"
        "|参与|获得|看到?答案|抽|继续|查看结果|进入|提现))"
        "|不(?:分享|转发)[^,。!?]{0,4}(?:无法|不能|就没|拿不到|领不了|看不到|得不到)"
        "|发朋友圈[^。!?\n]{0,10}(?:保留|截图|满\\d+小时)|(?:必须|得先|需要?先?|须|务必|一定要"
        "|先)(?:把[^,。]{0,4})?(?:转发|分享(?!给[你您]|一|我|这)|发朋友圈"
        "|发圈)[^。!?\n]{0,14}(?:才|再|方可|方能|后|即可|就能)",
        unless_around="同意|征得|授权",
    ),
    Ban(
        Rule.SHARE_DEMAND,
        f"(?:转发|分享|发|转|推)(?:到|至|给|进)?(?:不同的|至少"
        f"|满)?{_HOW_MANY}(?:个)(?:不同的?)?(?:微信|qq|聊天|家长|同学)?(?:群|频道)"
        f"|(?:转发|分享|发)(?:到|至|给|满)?{_HOW_MANY}个(?:好友|人|朋友)[^。!?\n]{{0,6}}(?:就|即"
        f"|后|才|可|送|得)",
        unless_around="禁止|请勿|不要",
    ),
    Ban(
        Rule.SHARE_DEMAND,
        rf"{_SHARE_EN}[^.!?\n]{{0,45}}?\b(?:to unlock|to continue|to proceed|before (?:you|they)"
        rf"|to reveal|to activate|to register|to claim|to see (?:your|the)|first to)\b"
        r"|\b(?:must|have to|need to|required to) (?:first )?(?:share|forward|repost|post)\b"
        r"|\b(?:share|forward|send|post|repost)\b (?:this |it |the link |our link )?(?:\w+ )?(?:to"
        r"|with|in|into) (?:at least )?(?:\d+|two|three|four|five|six|seven|eight|ten|twenty"
        r"|all (?:of )?your) (?:\w+ )?(?:groups?|chats?|channels?|contacts|people)\b",
        unless_around=r"\bdo not\b|\bagreed\b",
        unless_before=r"\b(?:not|never|dont)(?: need to| have to)? ?$",
    ),
    Ban(
        Rule.SHARE_PRESSURE,
        "不(?:转发?|分享|扩散)(?:的)?(?:人)?(?:都)?[^,。账让入出移给]{0,4}?(?:不是|倒霉|后悔"
        "|没良心|死|霉|不配|没朋友|不够|良心|亏|遭)|不转不|不转就"
        "|是(?:朋友|兄弟|中国人|姐妹|哥们|闺蜜|真爱|男人|亲人)(?:的)?就(?:转|分享|帮|发)"
        "|转(?:发)?(?:起来)?(?:后)?(?:,)?(?:保平安|有?好运|一生平安|行善|积德|必有)|好人一生平安"
        "|(?<![加快极])速转(?![账入出换让])|必转(?![账化入出换])|转疯|疯转|跪求转|求(?:转发|扩散"
        "|分享)|看完必|大家(?:快)?(?:都)?转(?![账入告型而])|(?:帮忙"
        "|动动手指|随手)(?:转发|转一下|扩散)|有良心的?(?:都)?转",
    ),
    Ban(
        Rule.SHARE_PRESSURE,
        r"\bif you (?:dont|do not) (?:share|forward|repost|pass)|\b(?:real|true"
        r"|good) friends? (?:\w+ )?(?:share|forward|repost)|\bbreak the chain\b|\b(?:share|forward"
        r"|pass) (?:it |this )?(?:\w+ )?or (?:else|you|lose|bad)|\b(?:send|forward|share"
        r"|post) (?:this |it )?(?:to|with|in) (?:your )?(?:whole|entire|all|every\w*)\b|\b(?:share"
        r"|forward"
        r"|repost)\b[^.!?\n]{0,15}\bor (?:miss|lose|else|regret)|\bbad luck\b"
        r"|\bwhoever (?:does not|doesnt) (?:share|forward)",
    ),
)
RULES = frozenset({Rule.SHARE_REWARD, Rule.SHARE_DEMAND, Rule.SHARE_PRESSURE})
_WECHAT = "朋友圈|微信|公众号|发圈|集赞|砍|moments|wechat"
_TELEGRAM = r"电报|telegram|飞机群|频道|\bchannels?\b|\bt\.me\b"


def channels_of(folded: str) -> tuple[Channel, ...]:
    """Whose rules a text breaks that lures into sharing: the one it names, else both."""
    named = tuple(
        channel
        for channel, pattern in ((Channel.WECHAT, _WECHAT), (Channel.TELEGRAM, _TELEGRAM))
        if re.search(compiled(pattern), folded)
    )
    return named or tuple(Channel)
