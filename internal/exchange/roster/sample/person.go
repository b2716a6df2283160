package sample

import (
	"fmt"

	"learnspace/internal/codes"
)

// IDNumber makes an identity number with a right check digit from a region of six
// digits, a birth date as yyyymmdd and a serial number from 0 to 499.
func IDNumber(region string, birth, serial int, male bool) string {
	n := serial % 500 * 2
	if male {
		n++
	}
	body := fmt.Sprintf("%s%08d%03d", region, birth, n)
	d, ok := codes.IDCheckDigit(body)
	if !ok {
		panic("sample: " + region + " is no region of six digits")
	}
	return body + string(d)
}

// A Person is somebody invented.
type Person struct {
	Name   string
	Male   bool
	Birth  int // yyyymmdd
	ID     string
	Phone  string
	Parent string // name of a parent
}

// Sex returns 男 or 女.
func (p Person) Sex() string {
	if p.Male {
		return "男"
	}
	return "女"
}

// G returns the registry number of kind G.
func (p Person) G() string { return "G" + p.ID }

// Day returns the birth date as 2010-03-07.
func (p Person) Day() string {
	return fmt.Sprintf("%04d-%02d-%02d", p.Birth/10000, p.Birth/100%100, p.Birth%100)
}

var (
	surnames = []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文")
	given    = []rune("子涵欣怡梓轩浩宇思远雨桐佳琪俊杰诗雅嘉豪明哲语晨天佑梦瑶博文若曦一鸣可馨泽楷静怡志强海燕建国丽华晓峰春梅立新秀兰永刚红霞")
)

// Make returns the n-th person of a series, born in year; series keeps the persons
// of several files apart.
func Make(series, n, year int) Person {
	h := uint32(series)*2654435761 + uint32(n)*40503
	pick := func(from []rune) rune {
		h = h*1664525 + 1013904223
		return from[(h>>8)%uint32(len(from))]
	}
	p := Person{Male: n%2 == 0, Birth: year*10000 + (n*7%12+1)*100 + n*11%28 + 1}
	p.Name = string([]rune{pick(surnames), pick(given), pick(given)})
	p.Parent = string([]rune{[]rune(p.Name)[0], pick(given), pick(given)})
	p.ID = IDNumber(fmt.Sprintf("2201%02d", 2+series%4), p.Birth, n, p.Male)
	p.Phone = fmt.Sprintf("13%d%08d", series%10, 1000+n*37+series*100003)
	return p
}
