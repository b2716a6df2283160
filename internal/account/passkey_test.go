package account_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// authenticator is a passkey in software that checks who holds it.
type authenticator struct {
	key     *ecdsa.PrivateKey
	id      []byte
	account id.Account
	counter uint32
}

var b64 = base64.RawURLEncoding.EncodeToString

// passkey gives an account a passkey, as a registration would have.
func (f *fixture) passkey(t *testing.T, a id.Account) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &authenticator{key: key, id: make([]byte, 16), account: a, counter: 1}
	rand.Read(p.id)
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	// The public key as COSE has it: EC2, ES256, P-256, x, y.
	cose := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33], []byte{0x22, 0x58, 32}, point[33:])
	record, err := json.Marshal(webauthn.Credential{ID: p.id, PublicKey: cose, AttestationType: "none", Authenticator: webauthn.Authenticator{SignCount: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.DB.Exec(t.Context(), "INSERT INTO fac_passkey (id, account, credential, record, name, made_at) VALUES ($1, $2, $3, $4, 'key', 1)",
		f.IDs.Next(), a, p.id, string(record)); err != nil {
		t.Fatal(err)
	}
	return p
}

// answer signs a challenge for an origin, as a browser hands it on.
func (p *authenticator) answer(t *testing.T, c factor.Ceremony, origin string) []byte {
	t.Helper()
	var options struct {
		PublicKey struct{ Challenge string } `json:"publicKey"`
	}
	if err := json.Unmarshal(c.Options, &options); err != nil {
		t.Fatal(err)
	}
	client := fmt.Appendf(nil, `{"type":"webauthn.get","challenge":%q,"origin":%q,"crossOrigin":false}`, options.PublicKey.Challenge, origin)
	p.counter++
	party := sha256.Sum256([]byte("space.example"))
	data := binary.BigEndian.AppendUint32(append(party[:], 0x05), p.counter) // present and verified
	sum := sha256.Sum256(client)
	sum = sha256.Sum256(append(slices.Clone(data), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"id": b64(p.id), "rawId": b64(p.id), "type": "public-key", "response": map[string]string{
		"authenticatorData": b64(data), "clientDataJSON": b64(client), "signature": b64(signature), "userHandle": b64([]byte(p.account.String()))}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// byKey is a sign-in by a passkey alone.
func (f *fixture) byKey(t *testing.T, p *authenticator, network string) (account.Ticket, error) {
	t.Helper()
	c, err := f.accounts.BeginPasskey(t.Context(), anybody, "")
	if err != nil {
		t.Fatal(err)
	}
	return f.accounts.SignInPasskey(t.Context(), anybody, account.Credentials{Network: network}, c.State, p.answer(t, c, "https://space.example"))
}

// TestPasskeyAlone: a passkey that checks who holds it lets in, once a challenge,
// only from the own origin, and no longer than its holder may come in.
func TestPasskeyAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		manager := f.staff(t, f.school, "zhoumuyang", access.School)
		f.staff(t, f.school, "second", access.School)
		f.accounts = f.withFactors(t)
		key := f.passkey(t, manager.Account)
		ticket, err := f.byKey(t, key, "net")
		if err != nil || f.as(t, ticket).Person != manager.Person {
			t.Fatalf("%+v, %v", ticket, err)
		}
		c, err := f.accounts.BeginPasskey(ctx, anybody, "")
		if err != nil {
			t.Fatal(err)
		}
		answer := key.answer(t, c, "https://space.example")
		finish := func(answer []byte) error {
			_, err := f.accounts.SignInPasskey(ctx, anybody, account.Credentials{Network: "net"}, c.State, answer)
			return err
		}
		wantKind(t, "another site's", finish(key.answer(t, c, "https://space.example.evil.example")), fault.ErrInvalid)
		stranger := &authenticator{key: key.key, id: []byte("unknown-unknown!"), account: manager.Account}
		wantKind(t, "an unknown passkey", finish(stranger.answer(t, c, "https://space.example")), fault.ErrInvalid)
		if err := finish(answer); err != nil {
			t.Errorf("the first answer: %v", err)
		}
		wantKind(t, "the same answer again", finish(answer), fault.ErrInvalid)
		key.counter = 0
		_, err = f.byKey(t, key, "net")
		wantKind(t, "a counter that went back", err, fault.ErrInvalid)
		key.counter = 100
		if err := f.people.Leave(ctx, f.op, f.school.ID, 0, manager.Person); err != nil {
			t.Fatal(err)
		}
		_, err = f.byKey(t, key, "net")
		wantKind(t, "of somebody who has left", err, fault.ErrInvalid)
		if _, err := h.DB.Exec(ctx, "DELETE FROM acc_account WHERE id = $1", manager.Account); err != nil {
			t.Fatal(err)
		}
		_, err = f.byKey(t, key, "net")
		wantKind(t, "of an account that is gone", err, fault.ErrInvalid)
	})
}

// TestNobodyKeepsPasskeysOut: whoever sends nonsense from the school's address is
// stopped, and nobody else there who has a passkey.
func TestNobodyKeepsPasskeysOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		manager := f.staff(t, f.school, "zhoumuyang", access.School)
		f.accounts = f.withFactors(t)
		key := f.passkey(t, manager.Account)
		nonsense := &authenticator{key: key.key, id: []byte("unknown-unknown!"), account: manager.Account}
		stopped := 0
		for range 60 {
			if _, err := f.byKey(t, nonsense, "192.0.2.7"); fault.Kind(err) == fault.ErrTooMany {
				stopped++
			}
		}
		if stopped != 20 {
			t.Errorf("%d of 60 are stopped, want 20", stopped)
		}
		if _, err := f.byKey(t, key, "192.0.2.7"); err != nil {
			t.Errorf("a passkey at the same address: %v", err)
		}
	})
}

// TestPasskeyComesOfAge: who turned 14 and comes in by a passkey has what the
// calendar gives him, as by a password.
func TestPasskeyComesOfAge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.make(t, f.class, person.Draft{Name: "林知夏", Role: person.RolePupil, Birth: 20051130, IDNo: f.number(20051130)})
		by := f.as(t, f.enter(t, who, "linzhixia", account.Guardian{}))
		f.accounts = f.withFactors(t)
		key := f.passkey(t, by.Account)
		f.Clock.Advance(30 * 24 * time.Hour)
		if _, err := f.byKey(t, key, "net"); err != nil {
			t.Fatal(err)
		}
		if p := f.person(t, who); p.Verified.IsZero() {
			t.Errorf("after the birthday: %+v", p)
		}
	})
}
