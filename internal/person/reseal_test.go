package person_test

import (
	"errors"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

func TestReseal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		d := pupil(f.a1, "李晓", number1)
		d.StudentNo = "G" + number1
		ids := f.make(d, person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID})
		rotated, err := h.Keys.Rotate(seal.SM)
		if err != nil {
			t.Fatal(err)
		}
		both, err := rotated.RotateHash(seal.SM)
		if err != nil {
			t.Fatal(err)
		}
		finds := func(keys *seal.Keys) bool {
			t.Helper()
			people := person.New(h.DB, h.IDs, h.Clock, keys, h.Log, h.Audit, f.orgs)
			value := person.IDValue("1", number1)
			found, err := people.Lookup(ctx, f.op, person.ByIDNumber, []string{value})
			if err != nil {
				t.Fatal(err)
			}
			return found[value].ID == ids[0]
		}
		if !finds(both) {
			t.Error("nobody is found while the rotation is under way")
		}
		people := person.New(h.DB, h.IDs, h.Clock, both, h.Log, h.Audit, f.orgs)
		for range 2 {
			if n, err := people.Reseal(ctx, f.op, nil); err != nil || n != 2 {
				t.Fatalf("sealed %d anew, %v", n, err)
			}
		}
		fresh, err := both.RetireHash()
		if err != nil {
			t.Fatal(err)
		}
		if !finds(fresh) {
			t.Error("nobody is found by the new hash")
		}
		if finds(h.Keys) {
			t.Error("the old hash is still there")
		}
		if _, err := people.Reseal(ctx, actor(access.Province, f.province, 1), nil); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("an officer seals anew: %v", err)
		}
	})
}
