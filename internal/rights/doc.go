// Package rights lets everybody see what is held about him and his children,
// ask for a copy, a correction or an erasure, and withdraw; it erases what is
// no longer needed by itself, and sums the year up.
//
// The rules are those of 个人信息保护法 arts. 15, 44–50 and 儿童个人信息网络保护
// 规定 arts. 14, 19, 20: a request is answered within a term (fifteen working
// days unless set otherwise), refused only with a reason, and goes to the county
// when it is overdue. What is kept against an erasure and which law asks for it
// is said in [Kept]. The report is that of 未成年人网络保护条例 art. 37.
//
// Tables: rgt_request, rgt_run. Values and texts of requests are sealed. Audit
// rows: rights.asked, rights.taken, rights.answered, rights.refused,
// rights.closed, rights.escalated, rights.withdrawn, retention.run.
package rights
