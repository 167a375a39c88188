"""Japanese sentences of varied text: `sentences(words, count, seed)`, from templates, characters and words of a dictionary."""

import random

PEOPLE = "私 僕 彼女 田中さん 佐藤さん 先生 母 弟 おばあちゃん 社長 東京都知事 外国人 あなた みんな 吾輩".split()
PLACES = "東京 京都 北海道 駅前 図書館 空港 ニューヨーク 東京特許許可局 すもも畑 家 公園 Wi-Fiカフェ 国会議事堂 南アルプス市".split()
THINGS = "本 猫 ラーメン 音楽 天気予報 メール 会議 アラーム プレイリスト 電車 写真 携帯電話 コーヒー 株価 量子計算機 iPhone14 お皿".split()
TIMES = "明日 今日 昨日 来週の月曜日 午前七時半 3時 ２０２４年５月１日 平成31年 夜中 さっき 毎朝 12:30".split()
VERBS = ("食べた 読んでいる 見に行きたい 買わなければならなかった 聞かせてください 走り出した 忘れられない 送ってくれますか "
         "止めて 教えて 始まるそうです 作らせられた 書いてもらった 探しましょう 追加してください 消せなくなっちゃった").split()
ENDS = ["。", "！", "？", "", "…", "ね。", "よ！", "かな", "です。", "！！", "♪", "(笑)", "w", "~", "。。。"]
TEMPLATES = ["{p}は{t}に{l}で{o}を{v}{e}", "{t}の{o}を{v}{e}", "{o}、{v}{e}", "{l}まで{o}で{v}{e}", "「{o}」と{p}が{v}{e}",
             "{p}と{p}の{o}は{l}の{l}から{v}{e}", "{t} {l} {o} {v}", "{o}を{n}個{v}{e}", "{p}　{v}　{e}", "{l}の気温は{n}℃、{o}は¥{n}{e}",
             "もし{t}、{p}が{v}ら、{o}も{v}だろう{e}", "{o}ってなに{e}", "{p}の{p}の{p}が{v}{e}"]

RANGES = {
    "hiragana": (0x3041, 0x3097), "katakana": (0x30A1, 0x30FB), "half": (0xFF66, 0xFF9E), "kanji": (0x4E00, 0x9FA0),
    "rare": (0x3400, 0x4DB6), "compatible": (0xF900, 0xFA2E), "beyond": (0x20000, 0x20100), "latin": (0x61, 0x7B), "capital": (0x41, 0x5B),
    "digits": (0x30, 0x3A), "wide": (0xFF01, 0xFF5F), "accents": (0xC0, 0x180), "greek": (0x391, 0x3CA), "cyrillic": (0x410, 0x450),
    "symbols": (0x2190, 0x2600), "circled": (0x2460, 0x2500), "units": (0x3300, 0x3358), "enclosed": (0x3200, 0x3244),
    "emoji": (0x1F300, 0x1F650), "ascii": (0x21, 0x30), "hangul": (0xAC00, 0xAD00), "marks": (0x3000, 0x3020), "roman": (0x2160, 0x2180),
}
COMMON = "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証土与急止送援供可役構木割聞身費付施切由説転食比難防補車優夫研収断井何南石足違消境神番規術護展態導鮮備宅害配副算視条幹独警宮究育席輸訪楽起万着乗店述残想線率病農州武声質念待試族象銀域助労例衛然早張映限親額監環験追審商葉義伝働形景落欧担好退準賀訴辺造英被株頭技低毎医復仕去姿味負閣韓渡失移差衆個門写評課末守若脳極種美岡影命含福蔵量望松非撃佐核観察整段横融型白深字答夜製票況音申様財港識注呼渉達"
SPACES = [" ", "　", "\t", "\n", "\r\n", "\r", "\u00a0", "\u2003", "\u200b", "\u2028", "\u0085", "\u000b", "\u000c", "\u001c", "\ufeff", "  ", " \t "]
SPECIAL = ["[MASK]", "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[mask]", "[MASK", "##", "##は", "が", "が", "ぱ", "é", "ﬁ", "㌔", "㍿", "Ⅳ", "①", "ｶﾞ",
           "ｱｲｳ", "ヴ", "ゝ", "々", "〆", "ヶ", "ー", "〜", "～", "－", "—", "・", "Ð", "ð", "µ", "ß", "Σ", "İ", "👨‍👩‍👧‍👦", "🇯🇵", "👍🏽", "☃️", "𠮷野家", "﨑", "髙",
           "\u3099", "\u309a", "\u0301", "\u200d", "\u0001", "\u007f", "https://example.org/a?b=c&d=%E3%81%82", "foo@example.com", "C++", "3.14",
           "1,000,000円", "１／２", "½", "二〇二四年", "一九八四", "第百二十三回", "O'Reilly", "３ＬＤＫ", "ＡＢＣ", "ａｂｃ", "ｈｅｌｌｏ　ｗｏｒｌｄ", "いろはにほへと",
           "すもももももももものうち", "にわにはにわにわとりがいる", "ハハハハハ", "わーーーーい", "きゃあああああ", "wwwwww", "！？！？", "(´・ω・`)", "＼(^o^)／", "ｷﾀ━━━(ﾟ∀ﾟ)━━━!!"]
FIXED = ["", " ", "　", "\n", "\t\n ", "。", "あ", "亜", "A", "1", "[MASK]", " [MASK] ", "私は[MASK]です。", "[UNK][SEP]", "[CLS]私[SEP]", "あ い\tう\nえ　お",
         " 前後に空白 ", "\n改行\n改行\r\n", "吾輩は猫である。名前はまだ無い。", "猫と\0犬", "猫\0犬[SEP]鳥\0x", "Ð", "ÐÐあÐ い", "a" * 100, "a" * 101, "あ" * 101, "1" * 130 + "円", "ア" * 99 + " " + "ア" * 100 + " " + "ア" * 101]


def chars(rng, kind, n):
    low, high = RANGES[kind]
    return "".join(chr(rng.randrange(low, high)) for _ in range(n))


def some(rng, words):
    kind = rng.choice(list(RANGES) + ["common"] * 8 + ["hiragana", "katakana", "latin", "digits"] * 2 + ["word"] * 12 + ["special"] * 3 + ["space"] * 3)
    n = rng.choice([1, 1, 1, 2, 2, 3, 4, 6])
    if kind == "word":
        return "".join(rng.choice(words) for _ in range(n))
    if kind == "common":
        return "".join(rng.choice(COMMON) for _ in range(n))
    if kind == "special":
        return rng.choice(SPECIAL)
    if kind == "space":
        return rng.choice(SPACES)
    return chars(rng, kind, n)


def template(rng):
    text = rng.choice(TEMPLATES)
    for key, values in zip("ptlove", [PEOPLE, TIMES, PLACES, THINGS, VERBS, ENDS]):
        while "{" + key + "}" in text:
            text = text.replace("{" + key + "}", rng.choice(values), 1)
    while "{n}" in text:
        text = text.replace("{n}", str(rng.randrange(1, 10 ** rng.randrange(1, 9))), 1)
    return text


def run(rng, words):
    """A run of one category around the limit of 24, between other text."""
    n = rng.choice([22, 23, 24, 25, 26, 27, 30, 48, 60, 99, 100, 101, 120])
    kind = rng.choice(list(RANGES) + ["space", "one"])
    if kind == "space":
        middle = rng.choice(SPACES) * n
    elif kind == "one":
        middle = chars(rng, rng.choice(list(RANGES)), 1) * n
    else:
        middle = chars(rng, kind, n)
    return rng.choice(["", some(rng, words)]) + middle + rng.choice(["", some(rng, words)])


def sentences(words, count, seed):
    rng = random.Random(seed)
    made = list(FIXED)
    while len(made) < count:
        way = rng.random()
        if way < 0.35:
            text = template(rng)
        elif way < 0.6:
            text = "".join(rng.choice(words) for _ in range(rng.randrange(1, 12)))
        elif way < 0.75:
            text = "".join(some(rng, words) for _ in range(rng.randrange(1, 8)))
        elif way < 0.8:
            text = run(rng, words)
        elif way < 0.9:
            text = template(rng)
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(text) + 1)
                text = text[:at] + some(rng, words) + text[at + rng.randrange(3):]
        else:
            text = "".join(rng.choice(COMMON + "のはがをにとでもへやらりるれたてなくだし" * 20) for _ in range(rng.randrange(1, 40)))
        made.append(text)
    return made
