package app

import (
	"fmt"
	"path/filepath"

	"learnspace/internal/config"
	"learnspace/internal/deliver"
)

// transports are the ways out that the settings open; a demo keeps every message
// in its folder.
func transports(c config.Config, dial deliver.Dial) (map[deliver.Channel]deliver.Transport, error) {
	out := map[deliver.Channel]deliver.Transport{}
	if c.Demo != nil {
		for _, channel := range []deliver.Channel{deliver.Mail, deliver.SMS} {
			out[channel] = outbox(c, channel)
		}
		return out, nil
	}
	d := c.Deliver
	if d.MailAddr != "" {
		if d.MailFrom == "" {
			return nil, fmt.Errorf("smtp_addr is set and smtp_from is empty: mail needs a sender")
		}
		out[deliver.Mail] = deliver.SMTP{Addr: d.MailAddr, User: d.MailUser, Password: d.MailPassword, From: d.MailFrom, Dial: dial}
	}
	if d.SMSURL != "" {
		gateway, err := deliver.NewGateway(d.SMSURL, d.SMSToken, dial)
		if err != nil {
			return nil, fmt.Errorf("sms_url: %w", err)
		}
		out[deliver.SMS] = gateway
	}
	return out, nil
}

// outbox is where a demo keeps its messages.
func outbox(c config.Config, channel deliver.Channel) deliver.Folder {
	return deliver.Folder{Dir: filepath.Join(c.Data, "outbox"), Channel: channel}
}
