package demo

import "math/rand/v2"

// Common family and given-name characters; the combinations are invented.
var (
	surnames = []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文")
	korean   = []rune("金朴李崔郑姜尹张林韩吴申徐权黄安宋柳洪全")
	girls    = []rune("欣怡梓涵诗雨佳琪思彤雅静语嫣可馨梦瑶晓雪春梅秀英丽娜美妍慧敏淑芬玉兰彩霞月华")
	boys     = []rune("浩宇子轩俊杰明泽一鸣博文天佑嘉豪志强建国伟东海波鹏飞学军永刚泽宇晨阳昊然家栋")
)

// name invents a name: one or two characters after the family name.
func name(r *rand.Rand, female, isKorean bool) string {
	family, given := surnames, boys
	if isKorean {
		family = korean
	}
	if female {
		given = girls
	}
	n := string(family[r.IntN(len(family))]) + string(given[r.IntN(len(given))])
	if r.IntN(4) > 0 {
		n += string(given[r.IntN(len(given))])
	}
	return n
}

// schoolWords name invented schools.
var schoolWords = []string{"松苑", "春晖", "育才", "向阳", "红旗", "江畔", "长青", "启明", "新华", "文昌", "桃源", "北辰", "东山", "和平", "学府", "晨光", "翠岭", "银河", "民主", "胜利"}
