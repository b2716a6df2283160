-- +goose Up

-- Who answered: the guardian, or the child itself from 14 on; 0: whoever was
-- with the child and could not be told from others.
ALTER TABLE person_consent ADD COLUMN guardian {{.Int}} NOT NULL DEFAULT 0;

-- What the answers of all who decide for a child come to, a purpose a row: a no
-- wins over a yes. decider is the answer in person_consent that decides;
-- conflict says that another who decides answered otherwise. lapsed is a
-- consent to a text that another has replaced for longer than its days of grace.
CREATE TABLE person_consent_state (
    child    {{.Int}} NOT NULL,
    purpose  TEXT NOT NULL,
    answer   TEXT NOT NULL CHECK (answer = 'given' OR answer = 'refused' OR answer = 'withdrawn' OR answer = 'lapsed'),
    version  TEXT NOT NULL,
    decider  {{.Int}} NOT NULL DEFAULT 0,
    at       {{.Int}} NOT NULL,
    conflict {{.Int}} NOT NULL DEFAULT 0 CHECK (conflict IN (0, 1)),
    PRIMARY KEY (child, purpose)
){{.WithoutRowid}};

CREATE INDEX person_consent_state_version ON person_consent_state (purpose, version, child) WHERE answer = 'given';

INSERT INTO person_consent_state (child, purpose, answer, version, decider, at, conflict)
SELECT c.child, c.purpose, c.answer, c.text_version, c.id, c.at, 0 FROM person_consent c
WHERE c.id = (SELECT MAX(o.id) FROM person_consent o WHERE o.child = c.child AND o.purpose = c.purpose);
