// Package post is what people write in a class space: a teacher's notice,
// which may ask for a receipt, a pupil's question, and the comments under
// both. It owns the tables post_*.
//
// No post leaves its class: who reads it is whoever is in the class today, and
// the school's manager, who answers for it. The author edits or withdraws, the
// class teacher hides with a reason, anybody in the class reports. What was
// there before an edit is kept.
//
// Events: post.made, post.asked, post.commented, post.confirmed, post.edited,
// post.withdrawn, post.hidden, post.restored, post.reported, post.reminded; which
// of them count as use is for the package metrics to say. Reading writes a mark
// and no event: traces are not collected.
package post
