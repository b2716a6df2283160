package account

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"learnspace/internal/fault"
)

func TestReadCode(t *testing.T) {
	t.Parallel()
	const want = "K7QM3XWP9T2DHV6R"
	for name, c := range map[string]struct {
		typed string
		code  string
		n     int
		ok    bool
	}{
		"as printed":           {"K7QM-3XWP-9T2D-HV6R", want, 16, true},
		"lower case":           {"k7qm3xwp9t2dhv6r", want, 16, true},
		"blanks":               {" K7QM 3XWP 9T2D\tHV6R\n", want, 16, true},
		"full width":           {"Ｋ７ＱＭ－３ＸＷＰ－９Ｔ２Ｄ－ＨＶ６Ｒ", want, 16, true},
		"other dashes":         {"K7QM–3XWP—9T2D−HV6R", want, 16, true},
		"O and 0 for Q":        {"K7OM-3XWP-9T2D-HV6R", want, 16, true},
		"zero for Q":           {"K70M-3XWP-9T2D-HV6R", want, 16, true},
		"one short":            {"K7QM-3XWP-9T2D-HV6", want[:15], 15, false},
		"one long":             {"K7QM-3XWP-9T2D-HV6RR", want + "R", 17, false},
		"foreign letter":       {"K7QM-3XWP-9T2D-HV6码", want[:15], 16, false},
		"nothing":              {"", "", 0, false},
		"only separators":      {" - - ", "", 0, false},
		"one and I are an L":   {"1I22-2222-2222-2222", "LL22222222222222", 16, true},
		"a long piece of text": {strings.Repeat("A", 5000), strings.Repeat("A", 256), 256, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, n, ok := ReadCode(c.typed)
			if code != c.code || n != c.n || ok != c.ok {
				t.Errorf("ReadCode = %q, %d, %v; want %q, %d, %v", code, n, ok, c.code, c.n, c.ok)
			}
		})
	}
}

func TestNewCodesAreRandomAndReadable(t *testing.T) {
	t.Parallel()
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 2000 {
		code := newCode()
		if back, _, ok := ReadCode(FormatCode(code)); !ok || back != code {
			t.Fatalf("%q comes back as %q", code, back)
		}
		if strings.ContainsAny(code, "01OI") {
			t.Fatalf("%q has a look-alike", code)
		}
		if seen[code] {
			t.Fatalf("%q twice", code)
		}
		seen[code] = true
		for _, r := range code {
			letters[r] = true
		}
	}
	if len(letters) != 32 {
		t.Errorf("%d letters are used, want 32", len(letters))
	}
}

func TestLoginRules(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"linzhixia317": "", "林知夏的空间": "", "김미연99": "", "Ｌｉｎ２０１９": "", "a.b-c_d": "",
		"":                      "account.login.missing",
		"lin":                   "account.login.short",
		"linzhixialinzhixialin": "account.login.long",
		"lin zhixia":            "account.login.letters",
		"lin@163.com":           "account.login.letters",
		"1234567":               "account.login.digits",
		"13943112345":           "account.login.number",
		"lin20100307":           "account.login.number",
		"g2201022010030":        "account.login.number",
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			got := ""
			if f := checkLogin(FoldLogin(typed)); f != nil {
				got = f.Key
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestSuggestedLoginsFollowTheRules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"林知夏", "阿卜杜·热合曼", "欧阳娜娜", "朴俊浩", "吕绿", "㛃", "Anna", "司马相如诸葛孔明"} {
		for _, login := range suggestLogins(name, 12) {
			if f := checkLogin(login); f != nil {
				t.Errorf("%s: %q breaks %s", name, login, f.Key)
			}
			if !suggested(name, login) {
				t.Errorf("%s: %q is not known as a suggestion", name, login)
			}
		}
	}
	if suggested("林知夏", "zhangsan123") {
		t.Error("another name counts as a suggestion")
	}
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	const login, name = "linzhixia317", "林知夏"
	for password, want := range map[string]string{
		"红旗 铅笔 下雪了": "", "maple-river-42": "", "xiatian2019yu": "",
		"":               "account.password.missing",
		"abc1234":        "account.password.short",
		"linzhixia317":   "account.password.login",
		"LinZhiXia317":   "account.password.login",
		"linzhixia":      "account.password.name",
		"lin zhi xia 99": "account.password.name",
		"12345678":       "account.password.common",
		"Password1":      "account.password.common",
		"woaini1314":     "account.password.common",
		"aaaaaaaab":      "account.password.common",
		"23456789012":    "account.password.common",
		"hgfedcba":       "account.password.common",
	} {
		t.Run(password, func(t *testing.T) {
			t.Parallel()
			got := ""
			if f := checkPassword(Modern, false, password, login, name); f != nil {
				got = f.Key
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if f := checkPassword(Modern, false, strings.Repeat("长", 129), login, name); f == nil || f.Key != "account.password.long" {
		t.Errorf("129 characters: %v", f)
	}
}

func TestPasswordPresets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		preset   Preset
		staff    bool
		password string
		want     string
	}{
		"eight small letters":          {Modern, false, "xuehuapp", ""},
		"nine, of staff":               {Modern, true, "xuehuappa", "account.password.short"},
		"ten, of staff":                {Modern, true, "xuehuappas", ""},
		"one kind":                     {Dengbao, false, "xuehuappass", "account.password.kinds"},
		"two kinds":                    {Dengbao, false, "xuehuapp2019", "account.password.kinds"},
		"three kinds":                  {Dengbao, false, "Xuehuapp2019", ""},
		"characters count as a kind":   {Dengbao, true, "雪花xuehua2019", ""},
		"three kinds, but too common":  {Dengbao, false, "Password-1", "account.password.common"},
		"seven characters, three kind": {Dengbao, false, "Xue-201", "account.password.short"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if f := checkPassword(c.preset, c.staff, c.password, "zhoumuyang", "周沐阳"); f != nil {
				got = f.Key
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPoolRefusesWhenFull(t *testing.T) {
	t.Parallel()
	p := NewPool(CheapCost, 1, 1)
	ctx := context.Background()
	leave, err := p.enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	waiter, cancel := context.WithCancel(ctx)
	go func() {
		_, err := p.Hash(waiter, "somebody waits")
		waiting <- err
	}()
	for p.Waiting() < 2 {
		runtime.Gosched()
	}
	if _, err := p.Hash(ctx, "one too many"); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("a full pool answers %v", err)
	}
	if _, err := p.Verify(ctx, dummy, "one too many"); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("a full pool answers %v", err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("who goes away while waiting gets %v", err)
	}
	leave()
	if _, err := p.Hash(ctx, "there is room again"); err != nil {
		t.Errorf("an empty pool answers %v", err)
	}
}

func TestHashing(t *testing.T) {
	t.Parallel()
	p, ctx := NewPool(FullCost, 1, 8), context.Background()
	phc, err := p.Hash(ctx, "maple-river-42")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("cost of %s", phc)
	}
	for password, want := range map[string]bool{"maple-river-42": true, "maple-river-43": false} {
		if got, err := p.Verify(ctx, phc, password); err != nil || got != want {
			t.Errorf("verify %q = %v, %v", password, got, err)
		}
	}
	if got, err := p.Verify(ctx, dummy, "anything"); err != nil || got {
		t.Errorf("the dummy opens: %v, %v", got, err)
	}
	for _, broken := range []string{"", "$argon2id$v=19$m=8,t=1,p=1$x", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA"} {
		if _, err := p.Verify(ctx, broken, "x"); err == nil {
			t.Errorf("%q is taken for a hash", broken)
		}
	}
}
