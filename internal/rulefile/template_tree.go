package rulefile

import (
	"errors"
	"strings"
	"text/template"
	"text/template/parse"
)

// Limits of the expansion of one template.
const (
	maxOutput = 1 << 16 // bytes of its text
	maxSteps  = 1000    // rounds of range, and uses of template
)

// ellipsis is in a text in place of what needs a query.
const ellipsis = "…"

// limited is the text of a template. Writing more than maxOutput fails.
type limited struct{ strings.Builder }

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > maxOutput {
		return 0, errors.New("the text of the template is too long")
	}
	return l.Builder.Write(b)
}

// usage is what the text of a template depends on besides the labels of the series.
type usage struct{ value, time bool }

// stepName is the function that counts the rounds of range and the uses of template.
const stepName = "promsnapStep"

// queriedName is the function that notes that a query was left out.
const queriedName = "promsnapQueried"

// prepare changes a parsed template: every range and every defined template calls stepName, and
// what needs a query becomes an ellipsis. It returns what the text depends on.
func prepare(t *template.Template) usage {
	p := preparation{step: action(stepName), queried: action(queriedName)}
	for _, one := range t.Templates() {
		if one.Tree == nil || one.Root == nil {
			continue
		}
		root := one.Root
		if one.Name() != t.Name() {
			p.list(root)
			root.Nodes = append([]parse.Node{p.step}, root.Nodes...)
			continue
		}
		// what defined defines is not used yet
		n := min(definitions, len(root.Nodes))
		own := &parse.ListNode{NodeType: parse.NodeList, Nodes: root.Nodes[n:]}
		p.list(own)
		root.Nodes = append(root.Nodes[:n:n], own.Nodes...)
	}
	return p.usage
}

// definitions is how many actions defined has.
const definitions = 4

// action returns the node of an action that calls a function without arguments.
func action(name string) parse.Node {
	t := template.Must(template.New("").Funcs(template.FuncMap{
		name: func() string { return "" },
	}).Parse("{{" + name + "}}"))
	return t.Root.Nodes[0]
}

type preparation struct {
	step, queried parse.Node
	usage         usage
}

// list prepares the nodes of a list.
func (p *preparation) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	var out []parse.Node
	for _, n := range l.Nodes {
		if p.leaveOut(n) {
			out = append(out, p.queried, &parse.TextNode{
				NodeType: parse.NodeText, Pos: n.Position(), Text: []byte(ellipsis),
			})
			continue
		}
		p.node(n)
		out = append(out, n)
	}
	l.Nodes = out
}

// leaveOut reports whether a node shows the result of a query. The definition of a variable shows
// nothing.
func (p *preparation) leaveOut(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.ActionNode:
		return len(n.Pipe.Decl) == 0 && queries(n.Pipe)
	case *parse.RangeNode:
		return queries(n.Pipe)
	case *parse.IfNode:
		return queries(n.Pipe)
	case *parse.WithNode:
		return queries(n.Pipe)
	case *parse.TemplateNode:
		return queries(n.Pipe)
	}
	return false
}

// queries reports whether a pipeline calls query.
func queries(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.PipeNode:
		if n == nil {
			return false
		}
		for _, c := range n.Cmds {
			for _, a := range c.Args {
				if queries(a) {
					return true
				}
			}
		}
	case *parse.ChainNode:
		return queries(n.Node)
	case *parse.IdentifierNode:
		return n.Ident == "query"
	}
	return false
}

// node prepares what is inside a node, and notes what it depends on.
func (p *preparation) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.ActionNode:
		p.pipe(n.Pipe)
	case *parse.TemplateNode:
		p.pipe(n.Pipe)
	case *parse.IfNode:
		p.branch(&n.BranchNode)
	case *parse.WithNode:
		p.branch(&n.BranchNode)
	case *parse.RangeNode:
		p.branch(&n.BranchNode)
		n.List.Nodes = append([]parse.Node{p.step}, n.List.Nodes...)
	}
}

func (p *preparation) branch(b *parse.BranchNode) {
	p.pipe(b.Pipe)
	p.list(b.List)
	p.list(b.ElseList)
}

func (p *preparation) pipe(n *parse.PipeNode) {
	if n == nil {
		return
	}
	for _, c := range n.Cmds {
		for _, a := range c.Args {
			p.argument(a)
		}
	}
}

// argument notes what an argument depends on. The dot may be all data.
func (p *preparation) argument(n parse.Node) {
	switch n := n.(type) {
	case *parse.PipeNode:
		p.pipe(n)
	case *parse.ChainNode:
		p.argument(n.Node)
	case *parse.DotNode:
		p.usage.value = true
	case *parse.FieldNode:
		p.usage.value = p.usage.value || n.Ident[0] == "Value"
	case *parse.VariableNode:
		p.usage.value = p.usage.value || n.Ident[0] == "$value" || n.Ident[0] == "$"
	case *parse.IdentifierNode:
		p.usage.time = p.usage.time || n.Ident == "now"
	}
}
