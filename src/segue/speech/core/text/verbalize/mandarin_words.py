"""Numbers in Chinese words, where eSpeak NG's Mandarin voice would misread the digits, for both scripts.

All words here are in Traditional characters; :func:`simplified` converts them.
"""

from __future__ import annotations

import re

W = "A-Za-z0-9_"
"""Latin letters and digits, for patterns. Python's ``\\w`` includes Chinese characters."""
DASH = r"\s?[-–—~～〜]\s?"

_DIGITS = "零一二三四五六七八九"
_TO_WORDS = str.maketrans("0123456789", _DIGITS)
_SECTION = 10_000
_SECTIONS = ("", "萬", "億", "兆")
_PLACES = ("", "十", "百", "千")
_MOST_DIGITS = 16
_TWO = re.compile("(?<![十零])二(?=[百千萬億兆])")
"""Said as 兩: 兩百, 一萬兩千; but 十二萬."""
_FROM_HUNDRED, _TEENS_TENS = 100, 1

_MAINLAND_WORDS = {
    "公尺": "米",
    "公分": "厘米",
    "公釐": "毫米",
    "奈米": "纳米",
    "披索": "比索",
    "赫茲": "赫兹",
    "分貝": "分贝",
    "歐姆": "欧姆",
    "人民幣": "人民币",
    "公克": "克",
    "公升": "升",
    "日圓": "日元",
    "華氏": "华氏",
    "攝氏": "摄氏",
}
_MAINLAND_SIGNS = str.maketrans(
    "點負萬億號兩歐鎊幣韓時鐘頃約於減銖盧贊無", "点负万亿号两欧镑币韩时钟顷约于减铢卢赞无"
)
_ONLY_SIMPLIFIED = frozenset(
    "们这来时个对发会说国为点样么过还没见开关门问间长东车书马鸟鱼风飞气电话语话请谁谢让认识记许该读课调论设证评词试"
    "边远近进运连选业两严丧丰临举义乐习乡买卖产亲亿仅从仓仪价众优伟传伤体佣侠侣侦侧侨俩俭债倾偿儿兰关兴养兽内冈册写军"
    "农冲决况冻净减凉凤凭凯击创别刘则刚删剂剑剧办务动劳势区医华协单卖卢卫却厂厅历压厌县参双变叹号叶吗吨听启员响哑"
    "图团园围场坏块坚坛坝坟垄报声壳处备复头夹夺奋奖妆妇妈娱孙学宁宝实宠审宪宫宽宾寻导寿将尔尘尝层岁岂岗岛岭币帅师帐带"
    "帮广庄庆库应庙废张弹强归录当彻忆忧怀态总恋恶悬惊惧惨惯愿戏战户扑执扩扫扬扰抚抢护担拟拥择挂挡挤挥损换据摄摆摇数"
    "断无旧显晓晚术机杀杂权条极构枪标栋树检欢欧残毕汇汉汤沟泪泽洁测济浓涂涛润涨渐湾湿满滚灭灯灵炉点炼烂烟烦烧热爱爷状独狱献环现"
    "电画畅疗盐监盖盘确碍础离种积称稳穷竞笔筑签简类粮纠红约级纪纯纸纳纷线练组细织终绍经结给络绝统继绩续维绿缓编缘缩缺网罗罚"
    "职联聪肃肠肤胜脏脚脑脸节范荐荣药获虑虽补装观规视觉览触讯训议讲负财责败账货质贫购贵贸费资赏赛赞赢赵赶跃践车转轮软轻载较辆辑输达迁迟适递遗邮"
    "郑酱释针钟钢钱铁铜银错锁锅键锻镇镜闭闲闻阅队阳阴阵阶际陆陈险随难雾静韩页顶项顺须顾预领频题颜额风饭饮饰饿馆驾验骑骗鲜龄龙"
)
_ONLY_TRADITIONAL = frozenset(
    "們這來時個對發會說國為點樣麼過還沒見開關門問間長東車書馬鳥魚風飛氣電話語請誰謝讓認識記許該讀課調論設證評詞試"
    "邊遠進運連選業兩嚴喪豐臨舉義樂習鄉買賣產親億僅從倉儀價眾優偉傳傷體兒蘭興養獸內岡冊寫軍農衝決況凍淨減涼鳳憑凱擊創別劉則剛刪劑劍劇辦務動勞勢區醫華協單"
    "盧衛卻廠廳歷壓厭縣參雙變嘆號葉嗎噸聽啟員響啞圖團園圍場壞塊堅壇報聲殼處備復頭夾奪奮獎妝婦媽娛孫學寧寶實寵審憲宮寬賓尋導壽將爾塵嘗層歲豈崗島嶺幣帥師帳帶幫廣莊慶庫應廟廢張彈強歸錄當徹憶憂懷態總戀惡懸驚懼慘慣願戲戰戶撲執擴掃揚擾撫搶護擔擬擁擇掛擋擠揮損換據攝擺搖數"
    "斷無舊顯曉術機殺雜權條極構槍標棟樹檢歡歐殘畢匯漢湯溝淚澤潔測濟濃塗濤潤漲漸灣濕滿滾滅燈靈爐煉爛煙煩燒熱愛爺狀獨獄獻環現畫暢療鹽監蓋盤確礙礎離種積稱穩窮競筆築簽簡類糧"
    "糾紅約級紀純紙納紛線練組細織終紹經結給絡絕統繼績續維綠緩編緣縮網羅罰職聯聰肅腸膚勝臟腳腦臉節範薦榮藥獲慮雖補裝觀規視覺覽觸訊訓議講負財責敗賬貨質貧購貴貿費資賞賽贊贏趙趕躍踐轉輪軟輕載較輛輯輸達遷遲適遞遺郵鄭醬釋針鐘鋼錢鐵銅銀錯鎖鍋鍵鍛鎮鏡閉閒聞閱隊陽陰陣階際陸陳險隨難霧靜韓頁頂項順須顧預領頻題顏額飯飲飾餓館駕驗騎騙鮮齡龍"
)


def is_simplified(text: str, locale: str) -> bool:
    """Whether the text is in Simplified characters.

    If it does not show that, the region of ``locale`` (BCP 47) decides.
    """
    signs = frozenset(text)
    ours, theirs = len(signs & _ONLY_SIMPLIFIED), len(signs & _ONLY_TRADITIONAL)
    if ours != theirs:
        return ours > theirs
    tag = locale.lower()
    return "hans" in tag or tag.endswith(("-cn", "-sg"))


def simplified(said: str) -> str:
    """The words of this package in Simplified characters and the mainland's terms."""
    for word, mainland in _MAINLAND_WORDS.items():
        said = said.replace(word, mainland)
    return said.translate(_MAINLAND_SIGNS)


def is_said_minus(found: re.Match[str]) -> bool:
    """Whether the text already has a word for the minus sign that ``found`` begins with: ``零下-3度``."""
    return found.string[max(0, found.start() - 2) : found.start()].endswith(("零下", "負", "负"))


def by_digit(digits: str) -> str:
    """Digit by digit, such as ``二零二六``."""
    return digits.translate(_TO_WORDS)


def number(written: str) -> str:
    """A number in a form that the voice reads correctly: in digits if possible, else in words.

    The voice drops zeros inside (``1005`` as 一千五), counts in thousands above ten thousand, and drops the point
    of ``2.0``.
    """
    digits = written.replace(",", "")
    whole, point, part = digits.partition(".")
    if not whole.isascii() or len(whole) > _MOST_DIGITS or (whole.startswith("0") and len(whole) > 1):
        return written
    plain = not is_misread(int(whole))
    if not point:
        return whole if plain else words(int(whole))
    if plain and part.strip("0"):
        return digits
    return f"{words(int(whole))}點{by_digit(part)}"


def is_misread(value: int) -> bool:
    if value < _FROM_HUNDRED:
        return False
    return value >= _SECTION or "0" in str(value).rstrip("0") or value // 10 % 10 == _TEENS_TENS


def words(value: int) -> str:
    """A whole number below 10**16."""
    if value == 0:
        return "零"
    parts: list[str] = []
    rest, place = value, 0
    while rest:
        rest, section = divmod(rest, _SECTION)
        if section:
            # A gap to the previous section is a zero, and so is one within a section.
            gap = "零" if rest and section < _SECTION // 10 else ""
            parts.append(f"{gap}{_section(section)}{_SECTIONS[place]}")
        elif parts and not parts[-1].startswith("零"):
            parts.append("零")
        place += 1
    said = _TWO.sub("兩", "".join(reversed(parts)))
    return said.removeprefix("一") if said.startswith("一十") else said


def _section(section: int) -> str:
    digits = str(section)
    said = "".join(
        f"{_DIGITS[int(digit)]}{_PLACES[len(digits) - 1 - at]}" if digit != "0" else "零"
        for at, digit in enumerate(digits)
    )
    while "零零" in said:
        said = said.replace("零零", "零")
    return said.rstrip("零")
