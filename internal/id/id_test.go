package id_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
)

func source(t *testing.T, clk clock.Clock, instance int, newest int64) *id.Source {
	t.Helper()
	s, err := id.NewSource(clk, instance, newest)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
		want id.Person
		ok   bool
	}{
		{"an id", `"288230376151711745"`, 288230376151711745, true},
		{"none", `""`, 0, true},
		{"zero", `"0"`, 0, true},
		{"a number", `288230376151711745`, 0, false},
		{"signed", `"+5"`, 0, false},
		{"negative", `"-5"`, 0, false},
		{"leading zero", `"05"`, 0, false},
		{"too big", `"9223372036854775808"`, 0, false},
		{"words", `"one"`, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got id.Person
			err := json.Unmarshal([]byte(tt.json), &got)
			if (err == nil) != tt.ok || got != tt.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	text, err := json.Marshal(map[string]id.Node{"a": 288230376151711745, "b": 0})
	if err != nil || string(text) != `{"a":"288230376151711745","b":""}` {
		t.Errorf("%s, %v", text, err)
	}
}

// TestSource: ids of several goroutines are distinct, positive and ascend for
// each, while the clock stands still, goes back and runs.
func TestSource(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(dbtest.Start)
	s := source(t, clk, 1023, 0)
	const each = 9000 // more than one millisecond holds
	lists := make([][]int64, 4)
	var wg sync.WaitGroup
	for i := range lists {
		wg.Go(func() {
			for n := range each {
				switch n % 1000 {
				case 100:
					clk.Advance(-time.Minute)
				case 500:
					clk.Advance(time.Minute + time.Millisecond)
				}
				lists[i] = append(lists[i], s.Next())
			}
			next := s.Block(each)
			for range each {
				lists[i] = append(lists[i], next())
			}
		})
	}
	wg.Wait()
	var all []int64
	for _, l := range lists {
		if !slices.IsSorted(l) {
			t.Error("a goroutine saw ids go back")
		}
		all = append(all, l...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != len(all) || all[0] <= 0 {
		t.Errorf("%d distinct of %d, the first %d", n, len(all), all[0])
	}
	for _, v := range all {
		if v>>12&1023 != 1023 {
			t.Fatalf("%d is not of instance 1023", v)
		}
	}
}

func TestSourceTime(t *testing.T) {
	t.Parallel()
	s := source(t, clock.NewManual(dbtest.Start), 7, 0)
	p := id.Next[id.Person](s)
	if !id.Time(p).Equal(dbtest.Start) || s.Instance() != 7 {
		t.Errorf("made at %v", id.Time(p))
	}
	next := s.Block(1)
	next()
	defer func() {
		if recover() == nil {
			t.Error("a block gave more than it held")
		}
	}()
	next()
}

func TestClockBehind(t *testing.T) {
	t.Parallel()
	newest := source(t, clock.NewManual(dbtest.Start), 0, 0).Next()
	tests := []struct {
		name   string
		offset time.Duration
		err    error
	}{
		{"a minute behind", -time.Minute, id.ErrClockBehind},
		{"a moment behind", -500 * time.Millisecond, nil},
		{"ahead", time.Minute, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := id.NewSource(clock.NewManual(dbtest.Start.Add(tt.offset)), 0, newest)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && s.Next() <= newest {
				t.Error("an id went back")
			}
		})
	}
	if _, err := id.NewSource(clock.System(), id.MaxInstance+1, 0); err == nil {
		t.Error("an instance out of range was taken")
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		want := id.Next[id.Node](h.IDs)
		var got, none id.Node
		err := h.DB.QueryRow(t.Context(), "SELECT CAST($1 AS BIGINT), NULL", want).Scan(&got, &none)
		if err != nil || got != want || none != 0 {
			t.Errorf("read %v and %v, %v", got, none, err)
		}
	})
}

func TestAcquire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx := t.Context()
		a, lease, err := id.Acquire(ctx, h.DB, h.Clock, "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := id.Acquire(ctx, h.DB, h.Clock, "b", 0)
		if err != nil {
			t.Fatal(err)
		}
		if wantB := map[bool]int{true: 0, false: 1}[h.DB.Serial()]; a.Instance() != 0 || b.Instance() != wantB {
			t.Errorf("instances %d and %d", a.Instance(), b.Instance())
		}
		if h.DB.Serial() {
			return
		}
		last := a.Next()
		if err := errors.Join(lease.Renew(ctx), lease.Release(ctx)); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(-time.Minute)
		if _, _, err := id.Acquire(ctx, h.DB, h.Clock, "c", 0); !errors.Is(err, id.ErrClockBehind) {
			t.Errorf("a clock behind the lease's ids gave %v", err)
		}
		h.Clock.Advance(time.Minute)
		c, _, err := id.Acquire(ctx, h.DB, h.Clock, "c", last)
		if err != nil || c.Instance() != 0 || c.Next() <= last {
			t.Errorf("the freed number was not taken: %v", err)
		}
		if err := lease.Renew(ctx); !errors.Is(err, id.ErrNoInstance) {
			t.Errorf("a lost lease was renewed: %v", err)
		}
	})
}

func TestAcquireRace(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		if e != db.Postgres {
			continue
		}
		h := dbtest.New(t, e)
		var mu sync.Mutex
		taken := map[int]int{}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				s, _, err := id.Acquire(t.Context(), h.DB, h.Clock, string(rune('a'+i)), 0)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				taken[s.Instance()]++
			})
		}
		wg.Wait()
		if len(taken) != 8 {
			t.Errorf("eight processes took %v", taken)
		}
	}
}
