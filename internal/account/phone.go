package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/deliver"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

const (
	// PhoneCodeLife is how long a code that was sent to a phone works.
	PhoneCodeLife = 10 * time.Minute
	// phoneTries is how often a code may be wrong.
	phoneTries = 5
	// perHour and perDay bound the messages to one phone.
	perHour = 3
	perDay  = 10
)

// The kinds of codes that are sent.
const (
	kindConfirm = "confirm" // the holder confirms his phone
	kindRecover = "recover" // a lost password
)

// hashPhone keeps the hashes of confirmed phones apart from others.
const hashPhone = "account phone"

// ReadPhone brings a mobile number of the mainland as somebody typed it into
// its eleven digits; false for anything else.
func ReadPhone(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -‐‑–—()（）\t", r) {
			return -1
		}
		return r
	}, norm.NFKC.String(typed))
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "+86"), "0086")
	if len(digits) != 11 || digits[0] != '1' || digits[1] < '3' || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return digits, true
}

// Phone is the confirmed phone of an account.
type Phone struct {
	Tail string // last four digits
	At   time.Time
}

// phoneRow is a code that was asked for.
type phoneRow struct {
	id      int64
	account id.Account
	hash    []byte
	sealed  []byte
	code    []byte
	lang    string
}

func (s *Service) phoneHash(phone string) []byte { return s.keys.Hash(hashPhone, phone) }

// phoneCode is how the code of a row is stored.
func (s *Service) phoneCode(row int64, code string) []byte {
	return s.keys.Hash("phone code", fmt.Sprint(row, " ", code))
}

// newPhoneCode makes a code of six digits.
func newPhoneCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("account: no randomness: " + err.Error())
	}
	return fmt.Sprintf("%06d", n)
}

// readDigits brings a code as it was typed into plain digits.
func readDigits(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, norm.NFKC.String(typed))
}

// CanConfirmPhone reports whether the actor may have a confirmed phone: an adult
// with an account, and text messages can be sent.
func (s *Service) CanConfirmPhone(ctx context.Context, by access.Actor) (bool, error) {
	if !by.IsPerson() || s.deliver == nil || !s.deliver.Open(deliver.SMS) {
		return false, nil
	}
	rec, err := person.Load(ctx, s.db, by.Person)
	return err == nil && adult(rec), err
}

// adult reports whether a person is on no roster of pupils: their phones are
// never asked for.
func adult(p person.Person) bool { return p.Role != person.RolePupil }

// OwnPhone is the confirmed phone of the actor; ok is false without one.
func (s *Service) OwnPhone(ctx context.Context, by access.Actor) (p Phone, ok bool, err error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return Phone{}, false, err
	}
	var at int64
	p, ok, err = found(p, s.db.QueryRow(ctx, `SELECT tail, confirmed_at FROM acc_phone WHERE account = $1`, a.ID).Scan(&p.Tail, &at))
	p.At = clock.FromMillis(at)
	return p, ok, err
}

// AskPhone sends a code to a phone that the actor says is his. It asks for the
// password: the phone will be a way to a new one. token names the request for
// ConfirmPhone. Errors: fault.ErrInvalid on the fields phone and old,
// fault.ErrTooMany, fault.ErrForbidden for pupils, fault.ErrUnavailable where no
// text messages can be sent.
func (s *Service) AskPhone(ctx context.Context, by access.Actor, password, typed string, lang i18n.Language) (token string, err error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return "", err
	}
	if ok, err := s.CanConfirmPhone(ctx, by); err != nil || !ok {
		return "", orForbidden(err)
	}
	phone, ok := ReadPhone(typed)
	if !ok {
		return "", fault.Invalid(fault.At("phone", "account.phone.form"))
	}
	if err := s.knows(ctx, a, password); err != nil {
		return "", err
	}
	now := s.clk.Now()
	if n, err := s.sentTo(ctx, phone, a.ID, now); err != nil || n {
		return "", orWait(err)
	}
	token, code := newToken(), newPhoneCode()
	row := s.ids.Next()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.insertPhoneCode(ctx, tx, row, token, kindConfirm, a.ID, phone, s.phoneCode(row, code), lang, true); err != nil {
			return err
		}
		if err := s.sendCode(ctx, tx, phone, code, lang, now); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "phone.asked", "account", a.ID.Int(), 0, "")
	})
	if err != nil {
		return "", fmt.Errorf("ask for the phone of account %d: %w", a.ID, err)
	}
	return token, nil
}

func orForbidden(err error) error {
	if err != nil {
		return err
	}
	return errForbidden
}

func orWait(err error) error {
	if err != nil {
		return err
	}
	return errWait(time.Hour)
}

// ConfirmPhone makes the phone of AskPhone the actor's, once the code is right.
// Errors: fault.ErrInvalid on the field code (also where another account has the
// phone, which only its holder learns).
func (s *Service) ConfirmPhone(ctx context.Context, by access.Actor, token, typed string) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	row, ok, err := s.tryPhoneCode(ctx, token, kindConfirm, typed)
	if err != nil {
		return err
	}
	if !ok || row.account != a.ID {
		return errPhoneCode()
	}
	plain, err := s.keys.Open(row.sealed)
	if err != nil {
		return fmt.Errorf("open a phone: %w", err)
	}
	other, err := s.idlePhone(ctx, a.ID, string(plain))
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if spent, err := s.spendPhoneCode(ctx, tx, row.id); err != nil || !spent {
			return orPhoneCode(err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM acc_phone WHERE account = $1`, other); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO acc_phone (account, phone_hash, phone_sealed, tail, confirmed_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account) DO UPDATE SET phone_hash = excluded.phone_hash, phone_sealed = excluded.phone_sealed,
			tail = excluded.tail, confirmed_at = excluded.confirmed_at`,
			a.ID, s.phoneHash(string(plain)), s.keys.Seal(plain), string(plain[7:]), clock.Millis(s.clk.Now()))
		if err != nil {
			return err
		}
		return s.note(ctx, tx, by, "phone.confirmed", "account", a.ID.Int(), 0, "")
	})
	if db.IsUnique(err) {
		return fault.Invalid(fault.At("code", "account.phone.taken"))
	}
	if err != nil {
		return fmt.Errorf("confirm the phone of account %d: %w", a.ID, err)
	}
	return nil
}

// idlePhone returns another account that has the phone and can no longer come
// in, 0 for none; the phone is then free. ErrInvalid where the other one lives.
func (s *Service) idlePhone(ctx context.Context, own id.Account, phone string) (id.Account, error) {
	other, known, err := s.accountByPhone(ctx, phone)
	if err != nil || !known || other.ID == own {
		return 0, err
	}
	rec, err := person.Load(ctx, s.db, other.Person)
	if err != nil {
		return 0, err
	}
	if mayEnter(rec.Status) {
		return 0, fault.Invalid(fault.At("code", "account.phone.taken"))
	}
	return other.ID, nil
}

// DropPhone forgets the actor's confirmed phone; without one it does nothing.
func (s *Service) DropPhone(ctx context.Context, by access.Actor) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM acc_phone WHERE account = $1`, a.ID)
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, by, "phone.dropped", "account", a.ID.Int(), 0, "")
	})
}

// errPhoneCode is the one answer to a code that is wrong, too old, used, or of
// nobody.
func errPhoneCode() error { return fault.Invalid(fault.At("code", "account.phone.code_wrong")) }

func orPhoneCode(err error) error {
	if err != nil {
		return err
	}
	return errPhoneCode()
}

// sendCode queues the message with a code.
func (s *Service) sendCode(ctx context.Context, tx *db.Tx, phone, code string, lang i18n.Language, now time.Time) error {
	return s.deliver.Send(ctx, tx, deliver.Message{Channel: deliver.SMS, To: phone, Template: "account.sms.code.", Lang: lang,
		Args: []any{code, int(PhoneCodeLife / time.Minute)}, Until: now.Add(PhoneCodeLife)})
}

// sentTo reports whether a phone, or an account (0: none), has had as many
// messages as it may.
func (s *Service) sentTo(ctx context.Context, phone string, a id.Account, now time.Time) (full bool, err error) {
	for _, span := range []struct {
		life time.Duration
		most int
	}{{time.Hour, perHour}, {24 * time.Hour, perDay}} {
		var args db.Args
		q := `SELECT COUNT(*) FROM acc_phone_code WHERE sent = 1 AND made_at > ` + args.Add(clock.Millis(now.Add(-span.life))) +
			` AND (account = ` + args.Add(a) + ` AND account <> 0`
		for _, h := range s.keys.Hashes(hashPhone, phone) {
			q += ` OR phone_hash = ` + args.Add(h)
		}
		var n int
		if err := s.db.QueryRow(ctx, q+`)`, args...).Scan(&n); err != nil {
			return false, fmt.Errorf("count messages to a phone: %w", err)
		}
		if n >= span.most {
			return true, nil
		}
	}
	return false, nil
}

func (s *Service) insertPhoneCode(ctx context.Context, tx *db.Tx, row int64, token, kind string, a id.Account, phone string, code []byte, lang i18n.Language, sent bool) error {
	now := s.clk.Now()
	_, err := tx.Exec(ctx, `INSERT INTO acc_phone_code (id, token_hash, kind, account, phone_hash, phone_sealed, code_hash, lang, sent, made_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, row, tokenHash(token), kind, a, s.phoneHash(phone), s.keys.Seal([]byte(phone)), code,
		lang.Code(), sent, clock.Millis(now), clock.Millis(now.Add(PhoneCodeLife)))
	if err != nil {
		return fmt.Errorf("keep a code for a phone: %w", err)
	}
	return nil
}

// tryPhoneCode takes one of the tries of a request and says whether the code is
// right. The try is taken before the code is compared, so guesses sent at once
// gain nothing.
func (s *Service) tryPhoneCode(ctx context.Context, token, kind, typed string) (row phoneRow, ok bool, err error) {
	if len(token) < 40 || len(token) > 64 {
		return row, false, nil
	}
	var n int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE acc_phone_code SET tries = tries + 1 WHERE token_hash = $1 AND kind = $2 AND used_at = 0 AND tries < $3 AND expires_at > $4`,
			tokenHash(token), kind, phoneTries, clock.Millis(s.clk.Now()))
		return err
	})
	if err != nil || n == 0 {
		return row, false, err
	}
	err = s.db.QueryRow(ctx, `SELECT id, account, phone_hash, phone_sealed, code_hash, lang FROM acc_phone_code WHERE token_hash = $1`, tokenHash(token)).
		Scan(&row.id, &row.account, &row.hash, &row.sealed, &row.code, &row.lang)
	if err != nil {
		return row, false, fmt.Errorf("read a code for a phone: %w", err)
	}
	right := false
	for _, h := range s.keys.Hashes("phone code", fmt.Sprint(row.id, " ", readDigits(typed))) {
		right = subtle.ConstantTimeCompare(h, row.code) == 1 || right
	}
	return row, right, nil
}

// spendPhoneCode uses a request up; false means that another was first.
func (s *Service) spendPhoneCode(ctx context.Context, tx *db.Tx, row int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_phone_code SET used_at = $1 WHERE id = $2 AND used_at = 0`, clock.Millis(s.clk.Now()), row)
	if err != nil {
		return false, fmt.Errorf("use a code for a phone: %w", err)
	}
	return n == 1, nil
}

// accountByPhone finds the account whose confirmed phone it is.
func (s *Service) accountByPhone(ctx context.Context, phone string) (Account, bool, error) {
	for _, h := range s.keys.Hashes(hashPhone, phone) {
		var a id.Account
		a, ok, err := found(a, s.db.QueryRow(ctx, `SELECT account FROM acc_phone WHERE phone_hash = $1`, h).Scan(&a))
		if err != nil {
			return Account{}, false, err
		}
		if ok {
			return found(scanAccount(s.db.QueryRow(ctx, `SELECT `+accountColumns+` FROM acc_account WHERE id = $1`, a)))
		}
	}
	return Account{}, false, nil
}

// accountByName finds an account by what somebody typed as sign-in name, folded:
// the chosen name, or a confirmed phone. A chosen name is never a number.
func (s *Service) accountByName(ctx context.Context, name string) (Account, bool, error) {
	if phone, ok := ReadPhone(name); ok {
		return s.accountByPhone(ctx, phone)
	}
	return s.store.accountByLogin(ctx, name)
}
