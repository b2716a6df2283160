package spaceweb_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

// BenchmarkClassPage measures the class page of a pupil with a full page of
// posts, compressed; the session is the site's own.
func BenchmarkClassPage(b *testing.B) {
	f := setup(b, dbtest.New(b, db.SQLite))
	teacher, pupil := f.who(access.ClassTeacher, "a1", "周沐阳"), f.who(access.Pupil, "a1", "林知夏")
	var all []id.Post
	for range post.PageSize {
		made, err := f.posts.Publish(b.Context(), teacher, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Receipt: true,
			Body: "本周读书分享会的书目：《草房子》，请先读前三章，周五下午带到学校。"})
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, made)
	}
	if err := f.posts.MarkRead(b.Context(), pupil, all); err != nil {
		b.Fatal(err)
	}
	f.As(pupil)
	r := httptest.NewRequest(http.MethodGet, "http://example.com"+f.class(), nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r.AddCookie(&http.Cookie{Name: "ls", Value: "token-1"})
	size := 0
	for b.Loop() {
		rec := httptest.NewRecorder()
		f.Server.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
		size = rec.Body.Len()
	}
	b.ReportMetric(float64(size), "bytes/page")
}
