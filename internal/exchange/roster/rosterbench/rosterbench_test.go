package rosterbench_test

import (
	"bytes"
	"testing"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/rosterbench"
	"strings"
)

func TestWriteIsRightAndTheSame(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	if err := rosterbench.Write(&a, 5000, 2019, 7); err != nil {
		t.Fatal(err)
	}
	if err := rosterbench.Write(&b, 5000, 2019, 7); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same seed gives other bytes")
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(a.String()), "\n")[1:] {
		id := strings.Split(line, ",")[3]
		if err := codes.CheckIDNumber(id); err != nil || seen[id] {
			t.Fatalf("%s: %v, seen %v", id, err, seen[id])
		}
		seen[id] = true
	}
}
