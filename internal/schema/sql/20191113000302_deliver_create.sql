-- +goose Up

-- Mail and text messages. sealed holds recipient and text while the message
-- waits and is emptied when it ends. until_at 0: of use always.
CREATE TABLE dlv_message (
    id       {{.PK}},
    channel  TEXT NOT NULL CHECK (channel = 'mail' OR channel = 'sms'),
    template TEXT NOT NULL,
    sealed   {{.Blob}} NOT NULL,
    state    TEXT NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'sent' OR state = 'late' OR state = 'failed'),
    made_at  {{.Int}} NOT NULL,
    until_at {{.Int}} NOT NULL DEFAULT 0,
    ended_at {{.Int}} NOT NULL DEFAULT 0
);

CREATE INDEX dlv_message_ended ON dlv_message (ended_at) WHERE state <> 'waiting';
