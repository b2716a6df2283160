package value

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Dot is the middle dot of names, the one stored form (GB/T 2312 row 1 cell 4).
const Dot = '·'

// dots are the characters people type for the middle dot.
const dots = "·•・･‧∙⋅●◦᛫⸱⸳ꞏ·∘°˙˚・⚫▪。｡﹒"

func isDot(r rune) bool { return r >= 0x80 && strings.ContainsRune(dots, r) }

// Name brings a person's name to the stored form. Blanks inside a Chinese or Korean
// name go (王 小 明); between the parts of a long name (阿卜杜 热合曼) they are a
// middle dot left out; Latin names keep single spaces. Every look-alike of the
// middle dot between two parts becomes U+00B7. Rare characters stay; variation
// selectors and zero-width characters go. A name that says nothing gives "".
func Name(s string) string {
	s = Fold(s)
	if Empty(s) {
		return ""
	}
	if common(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x80 }) {
		return s
	}
	s = strings.Trim(s, "'`\",;“”‘’")
	runes := []rune(s)
	out := make([]rune, 0, len(runes))
	for i, r := range runes {
		if isDot(r) || r == '.' && eastAsian(neighbour(runes, i, -1)) && eastAsian(neighbour(runes, i, 1)) {
			if n := len(out); n > 0 && (out[n-1] == Dot || out[n-1] == ' ') {
				out[n-1] = Dot
			} else if n > 0 {
				out = append(out, Dot)
			}
			continue
		}
		if r == ' ' && len(out) > 0 && out[len(out)-1] == Dot {
			continue
		}
		out = append(out, r)
	}
	name := strings.Trim(joinParts(string(out)), " ·'`\",;“”‘’")
	if Empty(name) {
		return ""
	}
	return name
}

func hasASCIILetter(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			return true
		}
	}
	return false
}

func eastAsian(r rune) bool { return han(r) || hangul(r) }

// neighbour is the next character that is no blank, 0 at the end.
func neighbour(runes []rune, i, step int) rune {
	for i += step; i >= 0 && i < len(runes); i += step {
		if runes[i] != ' ' {
			return runes[i]
		}
	}
	return 0
}

// joinParts decides what a blank between two East Asian parts is: nothing, or the
// middle dot of a long name.
func joinParts(s string) string {
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	long := longParts(s)
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		if r != ' ' {
			b.WriteRune(r)
			continue
		}
		left, right := neighbour(runes, i, -1), neighbour(runes, i, 1)
		switch {
		case long && han(left) && han(right):
			b.WriteRune(Dot)
		case eastAsian(left) && (eastAsian(right) || right == Dot), left == Dot, strings.ContainsRune("()", left), strings.ContainsRune("()", right):
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// longParts says whether the blanks of s part a long Han name: every part has two
// characters or more, and together they have five or more.
func longParts(s string) bool {
	total := 0
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == Dot })
	for _, part := range parts {
		n := 0
		for _, r := range part {
			if !han(r) {
				return false
			}
			n++
		}
		if n < 2 {
			return false
		}
		total += n
	}
	return len(parts) > 1 && total >= 5
}

// NameKey is what two spellings of one name have in common: without blanks, dots
// and case, compatibility forms and common variants (髙 高, 黃 黄) folded. Equal
// keys mean the same name; it is for comparing and never shown.
func NameKey(name string) string {
	if common(name) && !hasASCIILetter(name) && !hasVariant(name) {
		return name
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(Fold(name)) {
		if r == ' ' || r == '.' || r == '-' || r == '\'' || isDot(r) || unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		if v, ok := variants[r]; ok {
			r = v
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hasVariant(s string) bool {
	for _, r := range s {
		if r == '.' || r == '-' || r == '\'' {
			return true
		}
		if _, ok := variants[r]; ok {
			return true
		}
	}
	return false
}

// variantPairs lists variant, traditional and old forms with the form they fold to.
// Both forms stand in real names; folding serves comparing only.
const variantPairs = "髙高髪发發发呂吕黃黄吳吴呉吴産产晉晋僑侨鎮镇鎭镇眞真値值尙尚靑青淸清靜静静静爲为為为內内兌兑說说説说鋭锐銳锐強强溫温録录錄录戶户戸户" +
	"奧奥冊册峯峰羣群傑杰棄弃昇升陞升喆哲堃坤淼淼燿耀煒炜偉伟華华國国東东陳陈張张劉刘趙赵孫孙馬马楊杨許许鄭郑謝谢馮冯鄧邓蕭萧肖萧葉叶蔣蒋" +
	"餘余鍾钟鐘钟盧卢陸陆賈贾龍龙萬万錢钱湯汤賴赖龔龚嚴严顏颜顔颜閻阎閆闫闫阎譚谭鄒邹蘇苏衛卫魯鲁韋韦聶聂關关歐欧陽阳齊齐顧顾龐庞樊樊莊庄莊庄婁娄" +
	"嶽岳麗丽麗丽軍军紅红蘭兰鳳凤鵬鹏飛飞寶宝寳宝貴贵榮荣慶庆義义禮礼廣广興兴學学長长風风雲云濤涛潔洁瓊琼瑩莹豔艳艷艳娟娟嬌娇婭娅麟麟凱凯傳传億亿" +
	"儀仪倫伦個个優优勝胜勳勋勛勋勵励務务勁劲創创則则剛刚協协單单區区卻却參参員员問问啟启啓启嘯啸圓圆園园團团堅坚報报場场壯壮夢梦奮奋妝妆嫻娴孃娘孌娈" +
	"寧宁實实審审對对導导將将尋寻層层島岛崗岗嵐岚嶺岭巒峦幣币幹干彥彦彌弥後后徑径從从徳德悅悦恆恒惠惠愛爱愼慎慧慧憶忆應应懷怀戀恋戰战扬扬揚扬換换搖摇" +
	"擇择攝摄敎教敵敌數数斂敛斌斌斷断於于時时暉晖暢畅曄晔曉晓曆历書书會会朧胧條条業业極极楓枫榆榆樂乐樑梁標标樹树樺桦橋桥權权歡欢歲岁歷历殷殷氣气決决" +
	"沖冲況况淨净淵渊渙涣渾浑湧涌溝沟滿满漢汉潤润澤泽濟济濱滨瀅滢瀟潇瀾澜灝灏煥焕煙烟燁烨燈灯燦灿爍烁爾尔牽牵獻献獎奖現现瑋玮瑪玛瑤瑶璽玺環环甯宁" +
	"異异畫画當当盛盛監监盤盘睏困矯矫碩硕確确禎祯禪禅種种稱称穎颖頴颖積积穩稳窮穷筆笔筠筠節节範范築筑簡简紀纪約约純纯紗纱紛纷細细紹绍終终結结絲丝經经" +
	"綠绿維维綱纲綺绮綿绵緒绪線线緣缘縣县績绩繁繁織织繼继纓缨纖纤羅罗習习翹翘聖圣聞闻聰聪聲声職职聽听肅肃脈脉腦脑臨临與与舉举艦舰艱艰芸芸茲兹荊荆" +
	"莖茎萊莱蒼苍蓋盖蓮莲蔭荫薈荟薑姜薔蔷藍蓝藝艺藥药蘊蕴虛虚號号螢萤衆众術术補补裡里裏里製制複复見见規规視视親亲覺觉覽览計计訓训記记設设訪访評评" +
	"詞词詠咏試试詩诗話话詳详誌志認认語语誠诚誼谊調调談谈請请諒谅論论諾诺謀谋謙谦講讲謹谨證证識识譯译議议護护讀读變变豐丰貝贝貞贞負负財财責责貫贯費费" +
	"賀贺資资賓宾賜赐賞赏賢贤質质賽赛贊赞車车軒轩軟软載载輔辅輕轻輝辉煇辉輪轮轉转農农連连進进運运過过達达遙遥遠远適适選选遲迟還还邊边郞郎鄉乡醫医釋释" +
	"針针鈞钧鈴铃鉄铁鐵铁鉅巨銀银銘铭鋒锋鋼钢錦锦鍵键鎖锁鏡镜鑑鉴鑒鉴鑫鑫門门開开間间閃闪閣阁閩闽闊阔陝陕陰阴隊队階阶際际險险隱隐雙双雛雏雜杂離离難难" +
	"電电霧雾靈灵靜静韓韩韻韵響响頂顶順顺預预領领頻频題题願愿類类顯显颖颖飄飘飼饲養养館馆騰腾驊骅駿骏騎骑驕骄驗验驚惊魚鱼鮮鲜鳥鸟鳴鸣鴻鸿鵑鹃鶴鹤鷗鸥" +
	"鹏鹏鹿鹿麥麦點点齡龄龍龙龜龟昻昂杏杏珎珍珮佩祕秘緃纵翺翱荘庄蔴麻邨村邱丘甦苏" +
	"徵征穀谷隸隶卽即卿卿曁暨旣既恒恒愉愉戸户髮发剣剑劍剑劔剑剱剑広广徳德恵惠桜樱櫻樱沢泽滝泷渋涩瀬濑焔焰燄焰猪猪瑠琉璢琉産产畑畑穂穗穗穗竜龙緑绿緖绪絵绘繪绘縄绳蔵藏藏藏豊丰辺边遥遥鉱矿銭钱隆隆隷隶雑杂霊灵黒黑"

var variants = func() map[rune]rune {
	m := map[rune]rune{}
	for s := variantPairs; s != ""; {
		from, n := utf8.DecodeRuneInString(s)
		to, k := utf8.DecodeRuneInString(s[n:])
		s = s[n+k:]
		if from != to {
			m[from] = to
		}
	}
	for from, to := range m { // chains: 閆 → 闫 → 阎
		if next, ok := m[to]; ok {
			m[from] = next
		}
	}
	return m
}()
