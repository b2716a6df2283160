package account

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/deliver"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/person"
)

// kindRecovery is the job that looks whose phone it is and sends the code. It
// runs behind the page, so that neither text nor time of the answer tells.
const kindRecovery = "account.recover"

// recoverEvery is how fast an address gets back a request for a code.
const (
	recoverFree  = 10
	recoverEvery = 5 * time.Minute
)

// CanRecover reports whether a password can be had anew by a confirmed phone.
func (s *Service) CanRecover(ctx context.Context, by access.Actor) bool {
	return s.deliver != nil && s.jobs != nil && s.deliver.Open(deliver.SMS)
}

// StartRecovery asks for a code to a confirmed phone. It answers alike whether
// the phone is known, is a pupil's, or has had too many messages: token names
// the request, and a code comes only where there is an account. Errors:
// fault.ErrInvalid on the field phone for what is no phone, fault.ErrTooMany for
// an address that asks too often, fault.ErrUnavailable.
func (s *Service) StartRecovery(ctx context.Context, by access.Actor, network, typed string, lang i18n.Language) (token string, err error) {
	if !s.CanRecover(ctx, by) {
		return "", fault.New(fault.ErrUnavailable, "deliver.closed")
	}
	phone, ok := ReadPhone(typed)
	if !ok {
		return "", fault.Invalid(fault.At("phone", "account.phone.form"))
	}
	now, asked := s.clk.Now(), bucket("recover "+networkOf(network), recoverFree, recoverEvery)
	if wait, err := s.guard.check(ctx, now, asked); err != nil || wait > 0 {
		if err != nil {
			return "", err
		}
		return "", errWait(wait)
	}
	token = newToken()
	row := s.ids.Next()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.guard.fail(ctx, tx, now, asked); err != nil {
			return err
		}
		if err := s.insertPhoneCode(ctx, tx, row, token, kindRecover, 0, phone, []byte{}, lang, false); err != nil {
			return err
		}
		n := strconv.FormatInt(row, 10)
		_, err := s.jobs.Enqueue(ctx, tx, job.Spec{Kind: kindRecovery, Key: n, Payload: n})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ask for a code: %w", err)
	}
	return token, nil
}

// sendRecovery is the job: where the phone is an adult's confirmed one it makes
// the code and queues the message.
func (s *Service) sendRecovery(ctx context.Context, r *job.Run) error {
	row, err := strconv.ParseInt(r.Payload, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("request of job %v: %w", r.ID, err))
	}
	var sealed []byte
	var lang string
	var expires int64
	err = s.db.QueryRow(ctx, `SELECT phone_sealed, lang, expires_at FROM acc_phone_code WHERE id = $1 AND account = 0 AND sent = 0`, row).Scan(&sealed, &lang, &expires)
	now := s.clk.Now()
	switch {
	case errors.Is(err, db.ErrNoRows) || err == nil && clock.Millis(now) >= expires:
		return nil
	case err != nil:
		return fmt.Errorf("read request %d: %w", row, err)
	}
	phone, err := s.keys.Open(sealed)
	if err != nil {
		return job.Permanent(fmt.Errorf("open request %d: %w", row, err))
	}
	a, known, err := s.accountByPhone(ctx, string(phone))
	if err != nil || !known {
		return err
	}
	rec, err := person.Load(ctx, s.db, a.Person)
	if err != nil || !adult(rec) || !mayEnter(rec.Status) {
		return err
	}
	if full, err := s.sentTo(ctx, string(phone), a.ID, now); err != nil || full {
		return err
	}
	speaks, _ := i18n.Parse(lang)
	code := newPhoneCode()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE acc_phone_code SET account = $1, code_hash = $2, sent = 1 WHERE id = $3 AND sent = 0`, a.ID, s.phoneCode(row, code), row)
		if err != nil || n == 0 {
			return err
		}
		return s.sendCode(ctx, tx, string(phone), code, speaks, now)
	})
	if err != nil {
		return fmt.Errorf("send the code of request %d: %w", row, err)
	}
	return nil
}

// FinishRecovery sets a new password after the code is right, and ends every
// session. It signs nobody in: the next sign-in asks for the second factor as
// ever. Errors: fault.ErrInvalid on the fields code and password,
// fault.ErrUnavailable when the hashing pool is full.
func (s *Service) FinishRecovery(ctx context.Context, by access.Actor, token, typed, password string) error {
	row, right, err := s.tryPhoneCode(ctx, token, kindRecover, typed)
	if err != nil {
		return err
	}
	if !right || row.account == 0 {
		return errPhoneCode()
	}
	a, ok, err := s.store.accountByID(ctx, row.account)
	if err != nil || !ok {
		return orPhoneCode(err)
	}
	who, status, err := s.actorOf(ctx, a.Person, a.ID, a.Role)
	if err != nil {
		return err
	}
	if !mayEnter(status) {
		return errPhoneCode()
	}
	f, err := s.judge(ctx, who, a, a.Login, password)
	if err != nil {
		return err
	}
	if f != nil {
		// The code was right: the try is given back.
		_, err := s.db.Exec(ctx, `UPDATE acc_phone_code SET tries = tries - 1 WHERE id = $1`, row.id)
		if err != nil {
			return fmt.Errorf("give a try back: %w", err)
		}
		return fault.Invalid(*f)
	}
	hash, err := s.hasher.Hash(ctx, normalPassword(password))
	if err != nil {
		return err
	}
	phone, err := s.keys.Open(row.sealed)
	if err != nil {
		return fmt.Errorf("open a phone: %w", err)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if spent, err := s.spendPhoneCode(ctx, tx, row.id); err != nil || !spent {
			return orPhoneCode(err)
		}
		return s.resetByPhone(ctx, tx, who, a, hash, string(phone), row.lang)
	})
	if err != nil {
		return fmt.Errorf("recover account %d: %w", a.ID, err)
	}
	return nil
}

// resetByPhone writes the new password, ends the sessions and tells the holder.
func (s *Service) resetByPhone(ctx context.Context, tx *db.Tx, who access.Actor, a Account, hash, phone, lang string) error {
	now := s.clk.Now()
	if err := s.setPassword(ctx, tx, a.ID, hash, now); err != nil {
		return err
	}
	if _, err := s.store.endSessions(ctx, tx, a.ID, id.Session(0), now); err != nil {
		return err
	}
	speaks, _ := i18n.Parse(lang)
	err := s.deliver.Send(ctx, tx, deliver.Message{Channel: deliver.SMS, To: phone, Template: "account.sms.reset.", Lang: speaks, Until: now.Add(24 * time.Hour)})
	if err != nil {
		return err
	}
	return s.note(ctx, tx, who, "password", "account", a.ID.Int(), 0, detail("by", "phone"))
}

// sweepPhoneCodes deletes requests that ended two days ago.
func (s store) sweepPhoneCodes(ctx context.Context, tx *db.Tx, before time.Time, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM acc_phone_code WHERE id IN (SELECT id FROM acc_phone_code WHERE made_at < $1 ORDER BY made_at LIMIT $2)`,
		clock.Millis(before), limit)
	if err != nil {
		return 0, fmt.Errorf("drop old codes of phones: %w", err)
	}
	return n, nil
}
