// Package event is the product's log: what happened, one row an action,
// appended in the transaction of the action itself.
//
// Event.ID names an event, Event.Seq orders it. Seq numbers the committed
// events without gaps; cursors stand on it and on nothing else, because ids
// become visible out of order where transactions run side by side. An engine
// that runs one writer at a time gives Seq with the row; elsewhere a sequencer
// gives it a moment later (Log.Sequence, Log.Run), fenced by the one row of
// event_head.
//
// Consumers read the log in order and keep what they derive from it in the
// transaction that moves their cursor (event_cursor), so each event takes
// effect once, and a rebuild from zero gives the same.
//
// Tables: event, event_head, event_cursor.
package event
