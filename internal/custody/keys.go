package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"learnspace/internal/db"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// ErrForeignKeys is returned when the keys are not those of the database.
var ErrForeignKeys = errors.New("the keys do not belong to this database")

// known is the text that is kept under the keys of a database.
const known = "learnspace"

// CheckKeys reports whether the keys are those of the database: ErrForeignKeys
// when they are another installation's or older than the last rotation. A
// database without a mark gets one, if the keys open what is sealed in it.
func CheckKeys(ctx context.Context, d *db.DB, keys *seal.Keys) error {
	var sealed, hash []byte
	err := d.QueryRow(ctx, "SELECT sealed, hash FROM cus_keycheck WHERE id = 1").Scan(&sealed, &hash)
	if errors.Is(err, db.ErrNoRows) {
		if sealed, err = person.AnySealed(ctx, d); err != nil {
			return err
		}
		if _, err := keys.Open(sealed); err != nil {
			return ErrForeignKeys
		}
		return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO cus_keycheck (id, sealed, hash) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING",
				keys.Seal([]byte(known)), keys.Hash("keycheck", known))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("read the mark of the keys: %w", err)
	}
	if plain, err := keys.Open(sealed); err != nil || string(plain) != known {
		return ErrForeignKeys
	}
	for _, h := range keys.Hashes("keycheck", known) {
		if bytes.Equal(h, hash) {
			return nil
		}
	}
	return ErrForeignKeys
}

// MarkKeys marks the database with rotated keys: from then on a key file from
// before the rotation is refused.
func MarkKeys(ctx context.Context, tx *db.Tx, keys *seal.Keys) error {
	_, err := tx.Exec(ctx, "INSERT INTO cus_keycheck (id, sealed, hash) VALUES (1, $1, $2)"+
		" ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, hash = excluded.hash", keys.Seal([]byte(known)), keys.Hash("keycheck", known))
	if err != nil {
		return fmt.Errorf("mark the database with its keys: %w", err)
	}
	return nil
}
