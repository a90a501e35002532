// SPDX-License-Identifier: Apache-2.0

package output

import (
	"io"
	"strings"
)

const (
	gap         = 3  // spaces between columns, as in kubectl's tables
	narrowest   = 3  // columns that a column of a table takes at least, as there
	leastText   = 30 // columns in which wrapped text can be read; with less it goes below its row
	belowIndent = 4
	arrow       = "→ " // begins the text below a cell
)

// A layout lays tables out. Those that it prints one after the other have columns of the same widths.
type layout struct {
	columns int // of the terminal; 0: unknown
	color   bool

	widths []int // of the columns until now
}

// A heading describes a column of a table.
type heading struct {
	title string
	cut   int  // the fewest columns to which it is cut
	wrap  bool // it is the last one, and wrapped
}

// A cell is one text of a table.
type cell struct {
	text  string
	tone  Tone
	below string // in further lines
}

// tableOf returns the columns of a table, and its rows. Wide tables have one line for each row.
func tableOf[T any](items []T, columns []Column[T], wide bool) (headings []heading, rows [][]cell) {
	var shown []Column[T]
	for _, column := range columns {
		if column.Wide && !wide {
			continue
		}
		shown = append(shown, column)
		one := heading{title: strings.ToUpper(column.Title)}
		if !wide {
			one.cut, one.wrap = column.Cut, column.Wrap
		}
		headings = append(headings, one)
	}
	for _, item := range items {
		row := make([]cell, len(shown))
		for i, column := range shown {
			row[i] = column.cell(item, wide)
		}
		rows = append(rows, row)
	}
	return headings, rows
}

func (c Column[T]) cell(item T, wide bool) cell {
	out := cell{text: Plain(c.Cell(item))}
	if c.Tone != nil {
		out.tone = c.Tone(item)
	}
	if c.Below != nil && !wide {
		out.below = Plain(c.Below(item))
	}
	return out
}

// print writes a table. Cells are aligned by the columns that they take on a terminal. If the table is wider than the terminal,
// the widest of the columns that can be cut gives way first.
func (l *layout) print(w io.Writer, headings []heading, rows [][]cell, titles bool) error {
	l.measure(headings, rows, titles)
	l.fit(headings)
	last := len(headings) - 1
	room, below := 0, false // for the last column, if it is wrapped
	if last >= 0 && headings[last].wrap && l.columns > 0 {
		room = l.columns - l.sum(l.widths[:last]) - gap*last
		if below = room < leastText; below {
			room = l.columns - belowIndent
		}
	}
	var out strings.Builder
	if titles {
		row := make([]cell, len(headings))
		for i, one := range headings {
			row[i].text = one.title
		}
		if below {
			row = row[:last]
		}
		l.line(&out, row)
	}
	for _, row := range rows {
		l.row(&out, headings, row, room, below)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// measure makes every column as wide as its widest cell.
func (l *layout) measure(headings []heading, rows [][]cell, titles bool) {
	if len(l.widths) != len(headings) {
		l.widths = make([]int, len(headings))
	}
	for i, one := range headings {
		l.widths[i] = max(l.widths[i], narrowest)
		if titles {
			l.widths[i] = max(l.widths[i], Width(one.title))
		}
		for _, row := range rows {
			l.widths[i] = max(l.widths[i], Width(row[i].text))
		}
	}
}

// fit makes columns that can be cut narrower until the table fits, or they are as narrow as they can be.
func (l *layout) fit(headings []heading) {
	for excess := l.sum(l.widths) + gap*(len(headings)-1) - l.columns; l.columns > 0 && excess > 0; excess-- {
		widest := -1
		for i, one := range headings {
			if one.cut > 0 && l.widths[i] > one.cut && (widest < 0 || l.widths[i] > l.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		l.widths[widest]--
	}
}

func (l *layout) sum(widths []int) int {
	total := 0
	for _, width := range widths {
		total += width
	}
	return total
}

// row writes one row, whose last cell has so much room, or stands below the others.
func (l *layout) row(out *strings.Builder, headings []heading, row []cell, room int, below bool) {
	last := len(row) - 1
	shown := make([]cell, len(row))
	for i, one := range row {
		if shown[i] = one; headings[i].cut > 0 {
			shown[i].text = Cut(one.text, l.widths[i])
		}
	}
	lines, indent := wrap(shown[last].text, room), l.sum(l.widths[:last])+gap*last
	if below {
		shown, indent = shown[:last], belowIndent
	} else {
		shown[last].text, lines = lines[0], lines[1:]
	}
	if row[last].below != "" {
		for i, line := range wrap(row[last].below, max(room-Width(arrow), 0)) {
			lines = append(lines, map[bool]string{true: arrow, false: strings.Repeat(" ", Width(arrow))}[i == 0]+line)
		}
	}
	l.line(out, shown)
	for _, line := range lines {
		out.WriteString(strings.Repeat(" ", indent) + line + "\n")
	}
}

// line writes the cells of a line. As in kubectl's tables, only the last one is not filled with spaces.
func (l *layout) line(out *strings.Builder, cells []cell) {
	for i, one := range cells {
		text := one.text
		if l.color {
			text = one.tone.paint(text)
		}
		out.WriteString(text)
		if i < len(cells)-1 {
			out.WriteString(strings.Repeat(" ", l.widths[i]-Width(one.text)+gap))
		}
	}
	out.WriteString("\n")
}
