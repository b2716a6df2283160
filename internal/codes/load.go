package codes

import (
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/*.csv
var files embed.FS

// record is one line of a table, read by column name.
type record map[string]string

func (r record) int(column string) int {
	n, err := strconv.Atoi(r[column])
	if err != nil {
		panic(fmt.Sprintf("codes: column %s: %v", column, err))
	}
	return n
}

// rows reads data/name.csv; its first line names the columns.
func rows(name string) []record {
	f, err := files.Open("data/" + name + ".csv")
	if err != nil {
		panic("codes: " + err.Error())
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) < 2 {
		panic(fmt.Sprintf("codes: %s: %d lines: %v", name, len(lines), err))
	}
	out := make([]record, 0, len(lines)-1)
	for _, line := range lines[1:] {
		r := make(record, len(line))
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		out = append(out, r)
	}
	return out
}

// table is a code table: its rows in file order and an index by code.
type table[T any] struct {
	list  []T
	index map[string]int
}

// load returns a function that reads the table once.
func load[T any](name string, make func(record) T, code func(T) string) func() *table[T] {
	return sync.OnceValue(func() *table[T] {
		t := &table[T]{index: map[string]int{}}
		for _, r := range rows(name) {
			v := make(r)
			if _, twice := t.index[code(v)]; twice {
				panic("codes: " + name + ": code twice: " + code(v))
			}
			t.index[code(v)] = len(t.list)
			t.list = append(t.list, v)
		}
		return t
	})
}

func (t *table[T]) find(code string) (T, bool) {
	i, ok := t.index[code]
	if !ok {
		var none T
		return none, false
	}
	return t.list[i], true
}

func (t *table[T]) all() []T { return slices.Clone(t.list) }

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, "|")
}
