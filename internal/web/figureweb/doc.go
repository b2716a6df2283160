// Package figureweb is the pages of the figures: the dashboard of every node
// with the way down to the school, its workbook, the definition of each figure,
// and the page on which an office confirms the enrolment bases of its schools.
//
// Tables that show several units side by side hide counts of persons from 1 to
// 4, and a second one where the total would give the first away; a rate stands
// only on a base of 30 and more (UX 3, rule 16; DOMAIN 3).
package figureweb
