// Package job runs background work that must not be lost: a row is written in
// the transaction of the act that asks for the work, a worker takes it by a
// lease, and whoever dies over it leaves it to the next.
//
// A handler may run more than once (the process died before the end was
// written), so its effects are idempotent, or written in the transaction that
// completes the job (Run.Complete). A failure comes back after a growing pause.
//
// Tables: job, job_schedule.
package job
