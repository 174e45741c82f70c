"""The same rules in English. Patterns are over folded texts: lower case, hyphens as spaces."""

from __future__ import annotations

from shared.campaigns.advertising.rules import Ban, Rule

_NOT = (
    r"\b(?:not|never|no|cannot|cant|dont|doesnt|isnt|arent|wont|without|neither"
    r"|nor)(?: \w+){0,3} ?$"
)
_NO = r"\b(?:not|never|cannot|cant|isnt|arent)(?: \w+){0,2} ?$"
_STEPS = (
    "(?:step|tier|band|level|rung|rank|statement|of the|amount|balance|number|unit|minimum"
    "|denomination|one|value)"
)
_CARD = "(?:card|bank|choice|credit|offer|issuer|rewards?|brand|bonus|deal|benefits?|perks?|rates?)"

ENGLISH = (
    Ban(
        Rule.SUPERLATIVE,
        r"\bbest\b(?! (?:efforts?|before|regards?|wishes|practices?|friends?|buddy|buddies|mates?"
        r"|man|if|to (?:call|check|ask|register|use your|come|bring|wait|apply before)"
        r"|interests?|by|use of|guess|time to|way to"
        r"|of luck|viewed|i can|we can|you can))",
        unless_before=(
            r"\b(?:at|all the|my|(?:do|does|did|try|tried|doing|trying|done) (?:our|my|your|their"
            r"|its|his|her)|hope for the|knows?|works?|suits?(?: you)?|second) ?$"
        ),
    ),
    Ban(
        Rule.SUPERLATIVE,
        rf"\b(?:lowest|highest|largest|smallest)\b(?! {_STEPS}| \d| only| [a-z]+ (?:is|are"
        rf"|of) [¥$\d])|\b(?:fastest|cheapest"
        rf"|greatest|biggest|richest|easiest|smartest|finest|strongest|safest|simplest|quickest"
        rf"|hottest|coolest|smoothest|wisest|sweetest|boldest|slickest|toughest|most amazing)\b",
        unless_before=r"\b(?:not|our friends) the ?$",
    ),
    Ban(
        Rule.SUPERLATIVE,
        r"\bmost (?:generous|rewarding|popular(?! (?:questions?|topics?|answers?))|powerful"
        r"|trusted|advanced|exclusive|valuable|valued|loved|affordable|competitive|convenient"
        r"|attractive|secure|reliable|innovative|prestigious|complete|flexible|luxurious"
        r"|recommended|awarded|favou?rable|profitable|desirable|impressive|wanted|beloved"
        r"|cash ?back|rewards?|points|perks|benefits|value|brilliant|amazing|incredible|beautiful"
        r"|successful|respected)\b",
    ),
    Ban(
        Rule.SUPERLATIVE,
        r"\bthe (?!(?:inter|nea?r|clos|lat|earli|r|t|gu|requ|cont|for|harv|w|old|young|new|long"
        r"|short|small|low|high|larg|hon|mod|n|qu|ch|arr|dig|inv|b|dear|kind|warm|furth|e|prot"
        r"|sugg|pri|conqu|manif|bequ|midw|northw|southw|v|p|j|z|cr|bl|gr|compl)est\b)[a-z]+est\b",
    ),
    Ban(
        Rule.SUPERLATIVE,
        r"\bmoney can buy\b|\b(?:wont|will not|cannot|cant|never) (?:ever )?find (?:a |any "
        r"|anything )?(?:better|cheaper|lower|more)|\bno (?:better|finer|cheaper|greater) "
        r"|\bno (?:card|bank) like\b|\bhands down\b|\bbar none\b|\bever (?:made|created|launched"
        r"|offered|seen)\b|\blike never before\b|\bbeyond compare\b|\bbest in class\b|\b(?:nobody"
        r"|no one"
        r"|no other (?:bank|card|issuer)s?|no (?:bank|card|issuer)) (?:\w+ ){0,3}?(?:more|better"
        r"|lower|faster|matches|beats|comes close|compares|higher)|\bin a (?:class"
        r"|league) of (?:its|our) own\b|\bof all time\b|\ball time (?:high|great)"
        r"|\bin the (?:whole )?(?:world|universe|country|galaxy)\b(?=$|[!.,])",
    ),
    Ban(
        Rule.RANKING,
        r"\bno\.? ?1\b(?!\d|[.:]\d)|#1\b|\bnumber (?:one|1)\b|\btop ?1\b|\btop (?:rated|tier|ranked"
        r"|notch|choice|pick|card|bank|credit)\b|\b(?:market|industry|world|nation(?:al)?s?"
        r"|category|asia|china|globe?s?)s?[ ](?:leading|leader|beating|no)\b"
        r"|\bleading (?:the (?:world|market|industry|pack|way)|bank|issuer|card|credit|brand"
        r"|rewards|bank)\b|\bleader (?:in|of) (?:the )?(?:market|industry|cards?|credit|rewards)"
        r"|\bking of (?:all )?(?:\w+ )?cards?\b|\bqueen of cards\b|\bchampion card\b"
        r"|\bworld class\b|\bunderdog\b(?!)|\branked first\b",
        unless_before=(
            r"\b(?:clause|question|step|section|item|rule|case|order|batch|number|branch|page|room"
            r"|building|platform|gate|line|table|account|appendix|article|window|counter|card"
            r"|receipt|claim|invoice|friend|reward) ?$"
        ),
    ),
    Ban(
        Rule.EXCLUSIVE,
        rf"\bthe only (?:\w+ )?{_CARD}\b(?! accepted)|\bonly (?:card|bank|issuer) (?:in|that|to"
        rf"|you\w*|anyone|for)\b|\bone and only\b|\bone of a kind\b|\bunrival?led\b|\bunmatched\b"
        rf"|\bunbeatable\b"
        rf"|\bunparal?lell?ed\b|\bunequal?led\b|\bunsurpassed\b|\bincomparable\b|\bpeerless\b"
        rf"|\bsecond to none\b|\blike no other\b"
        r"|\bnothing (?:else )?(?:comes close|compares|beats)\b|\bfirst of its kind\b"
        r"|\bnever (?:been )?seen before\b|\bnever before seen\b|\bunprecedented\b"
        r"|\bcannot be beaten\b|\bcant be beat\b|\bfound nowhere else\b|\bno ?where else\b"
        r"|\bwithout equal\b|\bhas no equal\b|\bno competition\b",
    ),
    Ban(
        Rule.ABSOLUTE,
        r"\bultimate\b(?! (?:beneficia|parent|responsib|decision))|\bperfect (?:card|choice"
        r"|solution|credit|bank|offer|rewards|companion)\b|\bsupreme\b|\bflawless\b"
        r"|\babsolutely (?:the|everyone|perfect|everything|unbeatable)\b"
        r"|\b(?:100 ?%|100 per ?cent|hundred per ?cent|one hundred per ?cent) (?:satisf\w*|safe"
        r"|secure|free|sure|reliable|trust\w*|happy|worth|legit|genuine|effective|positive)"
        r"|\b(?:national|state|world) (?:level|grade)\b|\bmust have card\b|\bpar excellence\b"
        r"|\bgod ?tier\b|\blegendary\b|\bmiracle\b|\binvincible\b",
        unless_before=r"\bnot ?$",
    ),
    Ban(
        Rule.APPROVAL,
        (r"\bguarant[ei]+\w*\b(?! (?:letter|fund|period|deposit|corporation))"),
        unless_before=_NOT,
    ),
    Ban(
        Rule.APPROVAL,
        r"\b(?:everyone|everybody|anyone|anybody|all applicants|all applications"
        r"|(?:each and )?every (?:single )?(?:applicant|application)"
        r"|whoever applies)\b(?! who| that| whose)(?: \w+){0,4}? (?:approved|accepted|qualif(?:y"
        r"|ies)|gets? (?:a |the "
        r"|one|approved|in\b|accepted)|passes|succeeds)"
        r"|\b(?:definitely|certainly|surely|automatically|100%|absolutely|always|undoubtedly"
        r"|instantly) (?:\w+ ){0,2}?(?:approv\w*|accept\w*|pass\b|passes|get (?:the|a"
        r"|your) (?:card|limit)|granted)|\b(?:sure|certain|bound) to (?:be approved|get|pass"
        r"|be accepted)"
        r"|\bapprovals? (?:is |are |will be )?(?:\w+ )?(?:assured|certain|automatic|100%|sure"
        r"|for all|for every|in the bag)|\b(?:assured|sure|certain|automatic|surefire"
        r"|sure fire) approval|\binstant(?:ly|aneous)? approv\w+|\b100 ?% (?:approv\w*|accept\w*"
        r"|success)|\beasy approval\b|\bpromise(?:d|s)? (?:you )?(?:approval|a limit|the card)",
        unless_before=_NOT,
    ),
    Ban(
        Rule.APPROVAL,
        r"\b(?:no|without(?: a| any)?|zero|skip the) (?:(?:credit|income|background|salary"
        r"|employment) (?:check|checks|score|history|proof|verification|report|needed|required)"
        r"|documents?\b|paperwork)|\b(?:bad|poor|terrible|ruined|no) credit\b(?! cards?)"
        r"|\bno questions asked\b|\bno (?:one|body)(?: is| gets| will be| ever)* (?:rejected"
        r"|declined|refused|turned (?:down|away))|\bnobody (?:is|gets|will be"
        r"|ever) (?:\w+ )?(?:rejected|declined|refused|turned)"
        r"|\bnever (?:be |get )?(?:rejected|declined|turned down|refused)|\bno matter (?:what"
        r"|how (?:bad|low)) (?:is )?your (?:credit|income|score)"
        r"|\bregardless of (?:your )?(?:credit|income|score)|\byou (?:will|shall"
        r"|are going to)(?: definitely| surely)? (?:get the card|be approved|be accepted"
        r"|get approved)(?! (?:only|if|once|when))|\byoull (?:get approved|be approved)"
        r"|\binside (?:contact|connection|channel)s?\b|\bi know (?:someone|people) (?:at|in"
        r"|inside) the bank|\bblacklisted\b.{0,12}\b(?:ok|fine|welcome|too)\b|\bnever says? no\b"
        r"|\bcan(?:t| ?not) be (?:denied|refused|rejected|declined|turned (?:down|away))"
        r"|\b(?:credit|score|history|income) (?:score |history )?(?:doesnt|does not|dont|is not"
        r"|isnt) (?:matter|important|an issue|a problem)|\bno (?:job|income|credit"
        r"|history)\??,? ?no (?:problem|worries)|\bwe(?:ll| will)? (?:definitely )?approve you\b"
        r"|\bapproval rates? (?:of "
        r"|is )?(?:over )?(?:100|9\d)|\b(?:100|9\d) ?% (?:approv\w*|of applicants)"
        r"|\bapproved (?:in|within) (?:\d+ |a few |just )*(?:seconds|minutes)|\b(?:approved|card"
        r"|limit|it) for sure\b"
        r"|\bcredit limits? (?:of|from|starts? (?:at|from)) (?:at least )?[¥$]|\blimits? (?:from"
        r"|starts? (?:at|from)) [¥$]|\ball you need is (?:your |an )?id\b|\bapproves? (?:all"
        r"|every\w*|anyone|anybody)\b|\bno rejections?\b|\bget approved (?:in (?:seconds|minutes)"
        r"|today|instantly|now|for sure|every time)|\bapproval\b[^.!?]{0,30}\bfor (?:everyone"
        r"|everybody|all|anyone)\b|\b(?:anyone|anybody|everyone) can (?:get|have) (?:it|this|a|the"
        r"|one)\b|\bunlimited (?:credit|limit|cash|rewards|points|spending)\b",
        unless_before=_NO + r"|\bguarantee that ?$",
    ),
    Ban(
        Rule.RETURNS,
        r"\brisk ?free\b|\b(?:no|zero|without(?: any)?|free of|absolutely no) risks?\b"
        r"|\bdouble your (?:money|income|cash)\b|\b(?:can ?not|cant|never) lose\b|\bget rich\b"
        r"|\bearn (?:thousands|hundreds|a fortune|[¥$€£]\d[\d,]*) (?:\w+ ){0,2}?(?:a|per|every"
        r"|each) (?:month|week|day)\b|\bmake [¥$€£]\d[\d,]* (?:a|per|every|each) (?:month|week"
        r"|day)|\bsteady income\b|\bunlimited earnings?\b|\bin your sleep\b|\bside hustle\b"
        r"|\bpassive income\b"
        r"|\beasy money\b|\b(?:quick|fast) (?:cash|money)\b"
        r"|\bmake money (?:fast|easily|from home|while|online)|\bsure profit\b|\b(?:certain"
        r"|assured) (?:returns?|profits?|income)|\bhigh returns?\b|\bearn while you sleep\b"
        r"|\bfinancial freedom\b|\bnothing to lose\b|\bsure win\b|\bsure thing\b",
        unless_before=r"\b(?:not|never|isnt) ?$",
    ),
    Ban(
        Rule.FREE,
        r"\bfree (?:for ?ever|for life|always|of (?:all|any) (?:charges?|costs?|fees?))"
        r"|\b(?:forever|lifetime|for ?ever|always|completely|totally|absolutely|entirely|100%"
        r"|perfectly|truly) free\b|\bfree money\b|\bcosts? (?:you )?(?:absolutely )?nothing\b"
        r"|\b(?:no"
        r"|zero) (?:\w+ ){0,2}?fees?,? ?(?:ever|for life|for ?ever|at all|whatsoever|of any kind)"
        r"|\bnever (?:ever )?(?:pay|cost|costs|be charged)(?: you)?(?: \w+){0,2}? (?:a cent"
        r"|a penny|cent|penny|anything|fees?|interest|again|a thing)|\b(?:zero|no) (?:cost|costs"
        r"|charges)\b(?! (?:in|for|to) )|\b(?:free|no fees?|no charges?"
        r"|waived)\b[^.!?\n]{0,20}\b(?:for ?ever|for life|for good)\b|\bnothing to pay\b"
        r"|\bpay nothing\b|\bno strings attached\b|\bno hidden (?:fees|costs|charges)\b|\bnot (?:a"
        r"|one) (?:cent|penny)\b|\bwithout paying (?:a|any)|\b(?:zero|no) fees\b(?=$|[.!,])",
        unless_before=r"\b(?:not|none of this is|is no|isnt|never) ?$",
    ),
    Ban(
        Rule.BORROWING,
        r"\bspend(?:ing)? (?:as much as you like|without (?:\w+ )?(?:limits?|worr\w+|thinking"
        r"|guilt)|with no (?:limits?|worr\w+)|like there)|\b(?:worry|think|cry"
        r"|care) (?:about it )?(?:much )?later\b|\bpay whenever\b|\bmax(?:ed|ing)? (?:it |your "
        r"|this )?(?:card )?out\b|\bmax out\b|\bspend now\b|\bbeyond your means\b"
        r"|\bmoney you (?:dont|do not) have|\b(?:short (?:on|of)|out of|low on) (?:cash|money)"
        r"|\bbroke\?|\b(?:are you|youre|feeling|when|even if) broke\b|\bcant afford\b"
        r"|\bshop (?:till|until) you drop"
        r"|\blate payments? (?:are|is) (?:fine|ok|no problem)|\bno need to (?:repay"
        r"|pay (?:it )?back)|\bsplurge\b|\bborrow (?:as much|freely|more)\b|\btomorrows money\b"
        r"|\bpay off one card with another|\bone card to pay (?:off )?another"
        r"|\bdont worry about (?:the )?(?:debt|repay\w+|paying)|\blive (?:it )?large on credit"
        r"|\bpayday is (?:far|weeks)|\bonly (?:ever )?pay the minimum\b|\bspend (?:all|whatever"
        r"|anything|freely|big)\b|\bjust spend\b|\b(?:never|dont|forget"
        r"|stop) (?:\w+ ){0,2}?(?:about )?(?:the |your )?(?:bills?|budget|debts?|repay\w*)\b"
        r"|\bdont think,? (?:just )?(?:spend|buy|swipe)|\bkeep the party going\b|\binvest (?:with"
        r"|on) (?:your )?credit",
        warns=True,
    ),
    Ban(
        Rule.BORROWING,
        r"\bdont think,? ?(?:just )?(?:spend|buy|swipe)|\b(?:dont|never|stop) (?:even )?(?:worry"
        r"|worrying|care|think|thinking) about (?:the |your )?(?:bills?|budget|debts?|repay\w*"
        r"|price|money)\b|\bpay (?:it |them )?(?:back )?(?:whenever|when) you (?:like|want|feel)"
        r"|\btreat yourself\b|\bcharge it!|\bforget (?:about )?(?:the |your )?(?:bills?|budget"
        r"|debts?)",
    ),
    Ban(
        Rule.MISUSE,
        r"\bcash (?:it )?out\b(?! of)|\b(?:turn|convert|change|swap)\b[^.!?\n]{0,30}\binto (?:cash"
        r"|money)|\blimit into cash\b|\bfake (?:documents?|income|pay ?slips?|papers?)|\b(?:rent"
        r"|sell|buy|lend) (?:out )?(?:us )?(?:your|a|an) (?:\w+ )?(?:card|account)\b"
        r"|\bwe (?:will )?(?:fix|polish|forge|prepare) your (?:documents|income|credit)"
        r"|\bcredit repair\b|\bfake (?:a )?(?:salary|job)",
        warns=True,
    ),
    Ban(
        Rule.MINORS,
        r"\b(?:students?|teen(?:ager)?s?|minors?|kids|children|under ?18s?|(?:aged? )?(?:15|16|17)"
        r"|high ?school(?:ers)?|freshmen|pupils)\b[^.;\n]{0,45}?\b(?:no job|can (?:also )?(?:have"
        r"|own|get)|have their|welcome|apply|eligible|approved|no income|perfect|card for|accepted"
        r"|get (?:a|the|your)|own card|no parents?)\b|\b(?:welcome|perfect|ideal|great|made"
        r"|designed|open) (?:for|to) (?:all )?(?:\w+ )?(?:students?|teen\w*|minors"
        r"|under ?(?:the age of )?18|kids|pupils)|\bno parents? (?:needed|required|consent)"
        r"|\bwithout (?:your )?parents",
        warns=True,
    ),
    Ban(
        Rule.ENDORSEMENT,
        r"\b(?:endorsed|recommended|approved|certified|backed|supported|guaranteed|chosen|trusted"
        r"|sponsored)(?: and \w+)? by (?:the )?(?:\w+ )?(?:government|state|central bank"
        r"|peoples bank|pboc|cbirc|nfra|hkma|fsc|federal reserve|regulators?|monetary authority"
        r"|ministry|state council|police|party|president)|\b(?:government|state|regulator"
        r"|central bank) (?:backed|approved|endorsed|recommended|supported|certified|guaranteed"
        r"|sponsored)\b|\bpartner of the (?:government|state|ministry)|\b(?:government"
        r"|central bank|regulators?|authorit\w+|police) (?:itself )?(?:recommends?|endorses?"
        r"|approves?|backs|supports?|certif\w+)\b|\bofficial card of the (?:state|government"
        r"|nation)",
        unless_before=_NOT,
    ),
    Ban(
        Rule.URGENCY,
        r"\blast chance ever\b|\blast chance\b(?=[!,]| (?:before it|to ever|or))|\bnow or never\b"
        r"|\bnever (?:come|be|return|happen|get)s?(?: \w+)? (?:back|again|repeated)"
        r"|\bnever (?:come|return|happen|see (?:this|it|such))[^.!?]{0,20}\bagain\b"
        r"|\bonce in a lifetime\b|\byou(?:ll"
        r"| will)? regret\b|\bregret (?:it|this)\b|\b(?:before|until) its too late|\bact now (?:or"
        r"|before)|\bhurry,? (?:before|or|it)|\bdont miss out\b|\bgone for ?ever\b|\bwont (?:last"
        r"|come back)|\bbefore it(?:s)? (?:disappears|gone)|\bgoing fast\b|\balmost gone\b"
        r"|\brunning out fast\b|\bor lose it\b|\b(?:never|not) to be repeated\b|\blast call ever\b"
        r"|\bmiss (?:it|this) and",
    ),
    Ban(
        Rule.COMPARISON,
        r"\b(?:better|cheaper|faster|lower|more generous|safer|stronger|richer) than (?:any|all"
        r"|every|other|most|what other|chase\b|citi\b|hsbc\b|amex\b|\w+ bank\b"
        r"|(?:what )?your (?:\w+ )?(?:bank|card)|what your|what other"
        r"|those)|\b(?:beats?|outperforms?|outclasses|crushe?s?|destroys|leaves|trumps|blows away"
        r"|tops) (?:every|any|all|other|the (?:rest|competition|others|big banks))"
        r"|\bother banks?(?: \w+){0,2}? (?:rip\w*|cheat\w*|trick\w*|scam\w*|overcharg\w*|lie|lying"
        r"|fool\w*|steal\w*|rob\w*|hide|dont care)|\bunlike (?:other|those|the other|all) (?:banks"
        r"|cards)|\bsick of (?:your|other) bank|\bputs (?:other|all) (?:banks|cards) to shame"
        r"|\bditch your\b|\b(?:greedy|crooked|dishonest|lousy|scammy|shady|terrible|awful"
        r"|useless) (?:\w+ )?(?:banks?|cards?"
        r"|issuers?)\b|\b(?:other|rival|competing) (?:banks?|cards?|issuers?) (?:cant|dont|wont"
        r"|never|cannot|charge|overcharge)\b|\bother (?:banks|cards) (?:are|is) (?:\w+ )?(?:bad"
        r"|worse|trash|rubbish|useless|a joke)",
    ),
)
