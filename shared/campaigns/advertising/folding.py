"""One spelling for many: what is done to a text so that no disguise hides a word.

Full-width letters, traditional characters, signs and spaces within a word, circled digits,
letters set apart, digits for letters, syllables in Latin letters. Every character of the result
knows where it stood, so that a finding shows the words as they were written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TRADITIONAL = (
    "後后終终遲迟長长開开還还應应繳缴費费齡龄額额檔档級级別别彆别為为爲为達达獎奖勵励領领"
    "獲获減减贈赠"
    "賺赚積积動动規规則则進进帳账賬账單单態态資资訊讯餘余記记錄录條条數数據据說说時时間间"
    "當当兩两幾几"
    "於于將将給给準准備备對对確确認认親亲選选擇择閨闺夥伙鄰邻願愿愛爱歡欢擔担難难謝谢誠诚"
    "摯挚熱热溫温"
    "實实點点邊边層层頂顶裡里裏里優优觀观顯显賞赏業业內内國国網网場场歷历曆历臺台極极倫伦"
    "無无與与擬拟"
    "敵敌舉举雙双獨独風风騷骚鰲鳌視视絕绝純纯沒没屬属誰谁爭争鋒锋銷销氣气發发髮发滿满評评"
    "質质綜综稱称"
    "銀银託托筆笔張张個个項项欄栏輪轮種种類类組组課课屆届聲声責责聯联順顺導导軍军龍龙頭头"
    "標标桿杆遙遥"
    "識识碼码號号編编證证憑凭鏈链結结關关線线眾众僅仅補补創创萬万會会員员貨货圖图擊击淨净"
    "穩稳鐵铁過过"
    "審审報报辦办請请遞递綠绿係系負负債债徵征財财門门檻槛貸贷爛烂戶户樣样壓压憂忧贏赢賠赔"
    "虧亏損损險险"
    "輕轻鬆松撿捡輩辈遠远隱隐續续塊块錢钱紅红現现購购禮礼饋馈話话圓圆週周貼贴參参詳详細细"
    "冊册註注啟启"
    "預预計计階阶須须買买隨随盡尽揮挥夠够湊凑窮穷緊紧節节賣卖裝装偽伪術术機机養养換换變变"
    "學学歲岁專专"
    "瞞瞒監监務务薦荐書书權权掛挂撐撑黨党錯错復复覆复價价漲涨馬马搶抢瘋疯殺杀勝胜敗败強强"
    "較较賴赖譜谱"
    "騙骗轉转曬晒讚赞贊赞團团簽签籤签幫帮鎖锁繼继擴扩傳传黴霉運运廣广東东華华豐丰滙汇匯汇"
    "興兴農农們们"
    "產产麼么這这來来從从際际亞亚灣湾體体驗验讓让經经濟济樂乐嗎吗師师夢梦億亿倆俩鍾钟鐘钟"
    "鈔钞閒闲閑闲"
    "隊队雜杂電电題题顧顾鮮鲜麗丽齊齐劃划剛刚勁劲勞劳壞坏寶宝庫库徑径恆恒惡恶慶庆憶忆懶懒"
    "戰战掃扫擁拥"
    "擾扰攤摊暫暂橋桥歸归毀毁滅灭測测濫滥營营爺爷牽牵獻献畫画療疗盤盘盜盗礎础禍祸穫获競竞"
    "範范簡简籌筹"
    "納纳紙纸統统維维緣缘縮缩總总織织義义習习聖圣聞闻職职臨临舊旧葉叶蓋盖藝艺處处虛虚衝冲"
    "襲袭見见訂订"
    "討讨訓训設设許许訴诉診诊試试詢询誤误誘诱語语調调談谈諒谅論论謀谋講讲譽誉讀读貢贡貧贫"
    "貴贵賓宾賭赌"
    "賢贤趕赶趨趋躍跃車车軟软載载輸输辭辞連连違违適适遺遗郵邮鄉乡醫医釋释針针鈕钮鉅巨銳锐"
    "鑽钻閉闭閃闪"
    "閱阅陽阳陰阴陳陈雖虽離离雲云靈灵靜静響响頁页頒颁頓顿頻频飛飞飯饭館馆駐驻駕驾驚惊鬥斗"
    "黃黄並并併并"
    "隻只製制乾干幹干嘗尝佔占誌志捨舍嚴严檢检禦御聽听購购鬧闹燒烧億亿惠惠搖摇罰罚賣卖賤贱"
    "霸霸癒愈癡痴"
    "寫写繫系側侧儲储決决區区協协唄呗園园圍围墊垫牆墙奪夺寬宽塵尘巔巅幣币幟帜帶带徹彻護护掙挣"
    "攢攒樹树瀏浏濕湿潛潜著着稅税篤笃約约綁绑絡络締缔翹翘膽胆腦脑慮虑覽览覺觉議议詐诈詞词"
    "詩诗諾诺誼谊"
    "謂谓謹谨賽赛問问悶闷馳驰糧粮煙烟縷缕飆飙騎骑燈灯榮荣鍋锅鎮镇猶犹蕞最朂最冣最"
)
_SIMPLIFIED = dict(zip(map(ord, _TRADITIONAL[::2]), _TRADITIONAL[1::2], strict=True))
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NOISE = re.compile(r"(?:[^\w\n¥$€£%,!?;:。、()]|_)+")
_CUT_OFF = re.compile(rf"(?<=[最第唯])[,!?;:。、()]+(?=[{_HAN}])")
_ORDINAL = re.compile(r"(?<=[第唯])[1壹](?!\d)")
_SET_APART = re.compile(
    r"(?<![a-z0-9])[a-z0-9](?:(?: |\. )[a-z0-9](?![a-z0-9])){2,}(?![a-z0-9])", re.ASCII
)
_WIDE = re.compile(r"  +")
_MIXED = re.compile(r"(?=[a-z@$!]*\d|[a-z\d]*[@$])[a-z\d@$]*[a-z][a-z\d@$]*", re.ASCII)
_LEET = str.maketrans("0134578@$", "oieastbas")
_ROUND = re.compile(r"\d[\do]*o[\do]*(?=%)|(?<![a-z0-9])o(?=[风成利费门元审息])", re.ASCII)
_SYLLABLES = {
    "zui": "最", "di": "第", "yi": "一", "wei": "唯", "jue": "绝", "dui": "对", "ding": "顶",
    "ji": "级", "hao": "好", "jia": "佳", "bao": "包", "bi": "必", "guo": "过", "xia": "下",
    "ka": "卡", "pi": "批", (
        "zheng"
    ): "证", "wen": "稳", "zhuan": "赚", "zan": "赞", "tao": "套", "xian": "现",
}  # fmt: skip
_SIGNS = ("¥", "€", "£", "$", "%")
_LATIN = re.compile(rf"(?<=[{_HAN}])[a-z]{{2,6}}|[a-z]{{2,6}}(?=[{_HAN}])", re.ASCII)


@dataclass(frozen=True)
class Folded:
    """A text in one spelling. Of each character: what it stands for began and ended there."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """From where to where something stood in the original."""
        return self.starts[start], self.ends[end - 1]


def spellings(original: str) -> Iterator[Folded]:
    """A text folded, then also with digits read as letters, syllables as characters,
    the letter O as a nought."""
    plain = fold(original)
    yield plain
    for pattern, read in ((_MIXED, _letters), (_LATIN, _characters), (_ROUND, _zeros)):
        other = _rewritten(plain, pattern, read)
        if other.text != plain.text:
            yield other


def fold(original: str) -> Folded:
    """A text in simplified characters, lower case, without signs and spaces within words."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(original):
        for each in _plain(character):
            characters.append(each)
            places.append(place)
    folded = Folded("".join(characters), tuple(places), tuple(place + 1 for place in places))
    folded = _rewritten(folded, _NOISE, _joined)
    folded = _rewritten(folded, _CUT_OFF, lambda _: "")
    folded = _rewritten(folded, _ORDINAL, lambda _: "一")
    folded = _rewritten(folded, _SET_APART, lambda hit: hit[0].replace(".", "").replace(" ", ""))
    return _rewritten(folded, _WIDE, lambda _: " ")


def _plain(character: str) -> str:
    """One character in its plainest form; nothing for what is not seen."""
    if character.isascii():
        return character.lower() if character.isprintable() or character == "\n" else " "
    kept = unicodedata.normalize("NFKC", character).lower().translate(_SIMPLIFIED)
    if unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return ""
    bare = unicodedata.normalize("NFKD", kept)
    return bare[0] if len(bare) > 1 and bare[0].isascii() and bare[0].isalpha() and all(
        map(unicodedata.combining, bare[1:])
    ) else kept  # fmt: skip


def _joined(run: re.Match[str]) -> str:
    """What stays of signs and spaces, by what stands on both sides."""
    whole, noise = run.string, run[0]
    left, right = whole[: run.start()][-1:], whole[run.end() :][:1]
    if not (_latin(left) and _latin(right)) or right == "%":
        return "#" if noise.endswith("#") and right.isdigit() else ""
    if left.isdigit() and right.isdigit() and noise == ".":
        return noise
    if not noise.strip("'’‘`´"):
        return ""
    if noise == "@":
        return noise
    if noise.strip(" ") == "." and noise.endswith(" "):
        return ". "
    if noise.endswith("#") and right.isdigit():
        return "#"
    return "  " if "  " in noise else " "


def _latin(character: str) -> bool:
    """Letters, digits and signs of amounts: what keeps a space beside it."""
    return character in _SIGNS or (character.isascii() and character.isalnum())


def _letters(hit: re.Match[str]) -> str:
    return hit[0].translate(_LEET)


def _zeros(hit: re.Match[str]) -> str:
    return hit[0].replace("o", "0")


def _characters(hit: re.Match[str]) -> str:
    return _SYLLABLES.get(hit[0], hit[0])


def _rewritten(
    folded: Folded, pattern: re.Pattern[str], read: Callable[[re.Match[str]], str]
) -> Folded:
    """Every hit replaced; each new character stands for one of the hit, the last for the rest."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for hit in pattern.finditer(folded.text):
        kept, gone = slice(done, hit.start()), slice(hit.start(), hit.end())
        becomes = read(hit)
        pieces += [folded.text[kept], becomes]
        starts += [*folded.starts[kept], *folded.starts[gone][: len(becomes)]]
        ends += folded.ends[kept]
        if becomes:
            ends += [*folded.ends[gone][: len(becomes) - 1], folded.ends[gone][-1]]
        done = hit.end()
    pieces.append(folded.text[done:])
    return Folded(
        "".join(pieces),
        (*starts, *folded.starts[done:]),
        (*ends, *folded.ends[done:]),
    )
