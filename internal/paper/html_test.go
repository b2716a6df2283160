package paper

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

func parse(t *testing.T, text string) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// find returns the elements with the tag and, if given, the class.
func find(n *html.Node, tag, class string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag && (class == "" || strings.Contains(" "+attr(d, "class")+" ", " "+class+" ")) {
			out = append(out, d)
		}
	}
	return out
}

func TestHTML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := HTML(&b, sample()); err != nil {
		t.Fatal(err)
	}
	page := parse(t, b.String())
	if len(find(page, "script", "")) > 0 || strings.Contains(b.String(), "style=") || strings.Contains(b.String(), "http") {
		t.Error("a script, an inline style or something from elsewhere")
	}
	articles := find(page, "article", "gw")
	if len(articles) != 3 || attr(articles[1], "class") != "gw gw-land" {
		t.Fatalf("%d articles", len(articles))
	}
	main, last := articles[0], articles[2]
	var headings []string
	for _, tag := range []string{"h1", "h2", "h3"} {
		for _, n := range find(main, tag, "") {
			headings = append(headings, tag+" "+text(n))
		}
	}
	want := []string{"h1 吉林省电化教育馆关于2019年10月份网络学习空间建设与应用进展情况的通报", "h2 一、建设进展", "h2 二、应用情况", "h2 三、下一步工作", "h3 （一）名册核实"}
	if diff := cmp.Diff(want, headings); diff != "" {
		t.Error(diff)
	}
	// The signature keeps with the last paragraph and the list of annexes.
	keep := find(main, "div", "keep")
	if len(keep) != 1 || !strings.Contains(text(keep[0]), "重复账户由平台先行比对后分送。") || len(find(keep[0], "p", "sign")) != 2 || len(find(keep[0], "p", "gw-list")) != 3 {
		t.Error("the signature does not keep with the text")
	}
	// The imprint comes after the annexes (GB/T 9704 7.3.7).
	if len(find(main, "div", "gw-end")) != 0 || len(find(last, "div", "gw-end")) != 1 || len(find(last, "p", "gw-foot")) != 1 {
		t.Error("the imprint is not at the end")
	}
	if strings.Contains(text(page), "不在此印出") {
		t.Error("an annex that is sent by itself is printed")
	}
}

func TestHTMLTable(t *testing.T) {
	t.Parallel()
	page := parse(t, Fragment(Document{Title: "表", Body: []Block{sampleTable(30)}}))
	wrap := find(page, "div", "table-wrap")[0]
	if attr(wrap, "class") != "table-wrap wide long" || attr(wrap, "tabindex") != "0" || attr(wrap, "aria-label") == "" {
		t.Errorf("wrap: %v", wrap.Attr)
	}
	var head []string
	for _, th := range find(find(wrap, "thead", "")[0], "th", "") {
		head = append(head, attr(th, "scope")+attr(th, "colspan")+"/"+attr(th, "rowspan"))
	}
	want := []string{"col/2", "col/2", "col/2", "col/2", "col/2", "colgroup3/", "colgroup3/", "col/", "col/", "col/", "col/", "col/", "col/"}
	if diff := cmp.Diff(want, head); diff != "" {
		t.Error(diff)
	}
	body := find(wrap, "tbody", "")[0]
	if rows, names := find(body, "tr", ""), find(body, "th", ""); len(rows) != 30 || len(names) != 30 || attr(names[0], "scope") != "row" {
		t.Errorf("%d rows, %d names", len(rows), len(names))
	}
	if foot := find(wrap, "tfoot", ""); len(foot) != 1 || !strings.Contains(text(foot[0]), "合计") {
		t.Error("no total row")
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	evil := `<img src=x onerror="alert(1)">&`
	d := Document{
		Mark: evil, SerialText: evil, Title: evil, Addressees: evil, Signer: evil, Date: evil, Contact: evil, Copies: evil, Issuer: evil, IssuedOn: evil, Version: evil,
		Body: []Block{
			Heading{Level: 1, Text: evil}, Heading{Level: 2, Text: evil, Run: evil}, Heading{Level: 3, Text: evil}, Paragraph{Text: evil}, Paragraph{Text: evil, Flush: true}, Note{Text: evil},
			Table{Caption: evil, Head: [][]Cell{{Text(evil)}}, Rows: [][]Cell{{Name(evil)}}, Total: []Cell{Text(evil)}, Notes: []string{evil}},
		},
		Annexes: []Annex{{Title: evil}, {Title: evil, Apart: true}},
	}
	if imgs := find(parse(t, Fragment(d)), "img", ""); len(imgs) != 0 {
		t.Errorf("%d elements made by text", len(imgs))
	}
}

func TestHTMLEmpty(t *testing.T) {
	t.Parallel()
	if got := find(parse(t, Fragment(Document{})), "article", "gw"); len(got) != 1 || text(got[0]) != "" {
		t.Errorf("%d articles", len(got))
	}
}
