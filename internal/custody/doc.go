// Package custody guards what is known of persons against those who may read
// it: who looked at whose data and why, how much one person may read or take
// out in a day, the alarms when somebody reads too much, files of persons' data
// that nobody gets alone, and the breaking of the glass by two key holders.
//
// Tables: cus_look, cus_count, cus_limit, cus_alarm, cus_request, cus_download,
// cus_keyholder, cus_list, cus_keycheck. It writes audit rows and no events: nothing of it is a figure.
//
// The rules come from 个人信息保护法 (art. 6 least data, 51 measures inside, 54
// audits), 未成年人网络保护条例 (art. 36: access by the least authority, each
// access approved and recorded) and from what happened to others: a maintainer
// who took 700,000 pupils' records away alone.
package custody
