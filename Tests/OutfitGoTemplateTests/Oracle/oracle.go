// Command oracle runs templates by Go's own text/template with sprig, and by what chezmoi's documentation says of its
// functions. It reads one JSON case a line, {"template": …, "data": …}, and writes one result a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/sprig"
)

type testCase struct {
	Template  string            `json:"template"`
	Data      json.RawMessage   `json:"data"`
	Templates map[string]string `json:"templates"`
	Includes  map[string]string `json:"includes"`
	Missing   string            `json:"missing"`
}

type result struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
}

// typed makes int64 of whole numbers, as chezmoi does.
func typed(value any) any {
	switch value := value.(type) {
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n
		}
		f, err := value.Float64()
		if err != nil {
			return value.String()
		}
		return f
	case []any:
		for i := range value {
			value[i] = typed(value[i])
		}
	case map[string]any:
		for k := range value {
			value[k] = typed(value[k])
		}
	}
	return value
}

func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one value")
	}
	return typed(value), nil
}

func str(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func flat(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, flat(e)...)
		}
	case []string:
		out = v
	case []int:
		for _, e := range v {
			out = append(out, strconv.Itoa(e))
		}
	default:
		out = []string{str(v)}
	}
	return out
}

func each(args []any, f func(string) string) string {
	var out []string
	for _, a := range args {
		if a != nil {
			out = append(out, f(str(a)))
		}
	}
	return strings.Join(out, " ")
}

func lines(s string) []string {
	all := strings.SplitAfter(s, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

func path(p any) ([]string, error) {
	var keys []string
	switch p := p.(type) {
	case string:
		keys = strings.Split(p, ".")
	case []any:
		for _, k := range p {
			s, ok := k.(string)
			if !ok {
				return nil, errors.New("a key is no string")
			}
			keys = append(keys, s)
		}
	default:
		return nil, errors.New("no path")
	}
	for _, k := range keys {
		if k == "" {
			return nil, errors.New("empty key")
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("empty path")
	}
	return keys, nil
}

func prune(m map[string]any) bool {
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok && prune(inner) {
			delete(m, k)
		}
	}
	return len(m) == 0
}

func functions(c testCase, parse func(name, text string) (*template.Template, error)) template.FuncMap {
	f := sprig.TxtFuncMap()
	f["quote"] = func(args ...any) string { return each(args, strconv.Quote) }
	f["squote"] = func(args ...any) string { return each(args, func(s string) string { return "'" + s + "'" }) }
	f["toString"] = str
	f["toStrings"] = func(args ...any) []string { return flat(args) }
	f["splitList"] = func(sep, s string) []any {
		var out []any
		for _, p := range strings.Split(s, sep) {
			out = append(out, p)
		}
		return out
	}
	f["quoteList"] = func(v any) []string {
		out := []string{}
		for _, s := range flat(v) {
			out = append(out, strconv.Quote(s))
		}
		return out
	}
	f["comment"] = func(prefix, s string) string {
		out := ""
		for _, l := range lines(s) {
			out += prefix + l
		}
		return out
	}
	f["ensureLinePrefix"] = func(args ...string) (string, error) {
		if len(args) < 2 || len(args) > 3 {
			return "", errors.New("2 or 3 arguments")
		}
		out := ""
		for _, l := range lines(args[len(args)-1]) {
			if !strings.HasPrefix(l, args[0]) {
				out += args[len(args)-2]
			}
			out += l
		}
		return out, nil
	}
	f["eqFold"] = func(a, b string, more ...string) bool {
		for _, m := range append([]string{b}, more...) {
			if strings.EqualFold(a, m) {
				return true
			}
		}
		return false
	}
	f["hexEncode"] = func(s string) string { return hex.EncodeToString([]byte(s)) }
	f["hexDecode"] = func(s string) (string, error) { b, err := hex.DecodeString(s); return string(b), err }
	f["joinPath"] = func(args ...any) string { return filepath.Join(flat(args)...) }
	f["replaceAllRegex"] = func(e, r, s string) string { return regexp.MustCompile(e).ReplaceAllString(s, r) }
	f["fromJson"] = func(s string) (any, error) { return decode([]byte(s)) }
	f["toPrettyJson"] = func(args ...any) (string, error) {
		indent := "  "
		if len(args) == 2 {
			var ok bool
			if indent, ok = args[0].(string); !ok {
				return "", errors.New("no string")
			}
		} else if len(args) != 1 {
			return "", errors.New("1 or 2 arguments")
		}
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", indent)
		err := e.Encode(args[len(args)-1])
		return b.String(), err
	}
	f["toToml"] = func(v any) (string, error) {
		var b strings.Builder
		err := toml.NewEncoder(&b).Encode(v)
		return b.String(), err
	}
	f["fromToml"] = func(s string) (any, error) {
		var m map[string]any
		_, err := toml.Decode(s, &m)
		return m, err
	}
	f["setValueAtPath"] = func(p, v, d any) (any, error) {
		keys, err := path(p)
		if err != nil {
			return nil, err
		}
		m, ok := d.(map[string]any)
		if !ok {
			m = map[string]any{}
		}
		top := m
		for _, k := range keys[:len(keys)-1] {
			inner, ok := m[k].(map[string]any)
			if !ok {
				inner = map[string]any{}
				m[k] = inner
			}
			m = inner
		}
		m[keys[len(keys)-1]] = v
		return top, nil
	}
	f["deleteValueAtPath"] = func(p string, d map[string]any) (any, error) {
		keys, err := path(p)
		if err != nil {
			return nil, err
		}
		m := d
		for _, k := range keys[:len(keys)-1] {
			inner, ok := m[k].(map[string]any)
			if !ok {
				return d, nil
			}
			m = inner
		}
		delete(m, keys[len(keys)-1])
		return d, nil
	}
	f["pruneEmptyDicts"] = func(d map[string]any) map[string]any { prune(d); return d }
	// Go's maps have no order; ours has that of the keys.
	f["keys"] = func(ds ...map[string]any) []string {
		out := []string{}
		for _, d := range ds {
			ks := []string{}
			for k := range d {
				ks = append(ks, k)
			}
			sort.Strings(ks)
			out = append(out, ks...)
		}
		return out
	}
	f["values"] = func(d map[string]any) []any {
		ks := []string{}
		for k := range d {
			ks = append(ks, k)
		}
		sort.Strings(ks)
		out := []any{}
		for _, k := range ks {
			out = append(out, d[k])
		}
		return out
	}
	f["include"] = func(name string) (string, error) {
		if s, ok := c.Includes[name]; ok {
			return s, nil
		}
		return "", errors.New("no such file")
	}
	f["includeTemplate"] = func(name string, args ...any) (string, error) {
		s, ok := c.Includes[name]
		if !ok || len(args) > 1 {
			return "", errors.New("no such file")
		}
		t, err := parse(name, s)
		if err != nil {
			return "", err
		}
		var data any
		if len(args) == 1 {
			data = args[0]
		}
		var b strings.Builder
		err = t.Execute(&b, data)
		return b.String(), err
	}
	extend(f)
	return f
}

// extend is set by builds that know more functions.
var extend = func(template.FuncMap) {}

var (
	directive = regexp.MustCompile(`(?m)^.*chezmoi:template:(.*)$\n?`)
	setting   = regexp.MustCompile(`([^\s=]+)=("[^"]*"|\S+)`)
)

// parse reads a template with the delimiters that its directives set.
func parse(c testCase, name, text string, funcs template.FuncMap) (*template.Template, error) {
	left, right, missing := "", "", c.Missing
	if missing == "" {
		missing = "error"
	}
	for _, line := range directive.FindAllStringSubmatch(text, -1) {
		for _, pair := range setting.FindAllStringSubmatch(line[1], -1) {
			value := strings.Trim(pair[2], "\"")
			switch pair[1] {
			case "left-delimiter":
				left = value
			case "right-delimiter":
				right = value
			case "missing-key":
				missing = value
			}
		}
	}
	text = directive.ReplaceAllString(text, "")
	return template.New(name).Delims(left, right).Option("missingkey=" + missing).Funcs(funcs).Parse(text)
}

func run(c testCase) (output string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	data, err := decode(c.Data)
	if err != nil {
		return "", err
	}
	own := func(name, text string) (*template.Template, error) {
		return parse(c, name, text, functions(c, nil))
	}
	t, err := parse(c, "main", c.Template, functions(c, own))
	if err != nil {
		return "", err
	}
	for name, text := range c.Templates {
		other, err := own(name, text)
		if err != nil {
			return "", err
		}
		if t.Lookup(name) == nil {
			if _, err = t.AddParseTree(name, other.Tree); err != nil {
				return "", err
			}
		}
	}
	var b strings.Builder
	err = t.ExecuteTemplate(&b, "main", data)
	return b.String(), err
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 64<<20)
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for scanner.Scan() {
		var c testCase
		var r result
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			r.Error = err.Error()
		} else if out, err := run(c); err != nil {
			r.Error = err.Error()
		} else {
			r.Output = out
		}
		if err := encoder.Encode(r); err != nil {
			panic(err)
		}
	}
}
