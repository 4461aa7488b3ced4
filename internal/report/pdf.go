package report

// PDF says how the PDF of a report looks.
type PDF struct {
	Letter bool // US Letter; else A4
	Full   bool // every panel with its chart; else those with findings
}

// PDFName is the name of the PDF of a report with Info.PDF.
const PDFName = "report.pdf"
