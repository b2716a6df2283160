// Package deliver brings mail and text messages out of the product. A message
// is queued in the transaction of what it is about and sent by a job, so that
// none goes out for something that did not happen; a transport that fails is
// tried again with growing pauses. Recipient and text are sealed while they wait
// and erased once they are sent or given up; neither stands in a job or a log.
//
// Transports: [SMTP] for mail (RFC 5321, STARTTLS), [Gateway] for text messages
// behind an HTTP interface, [Folder] for a demo, where both become files.
//
// Table: dlv_message.
package deliver
