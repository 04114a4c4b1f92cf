// Renders a chart as `helm template` does, as far as this chart goes: text/template with sprig and helm's own functions.
//
//	render CHART-FOLDER < request.json > answer.json
//
// The request is {"release", "namespace", "values"}; the answer is a map from the template's path to its text.
// What a template refuses stands on stderr, and the exit code is 1.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	sprig "github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

type request struct {
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	Values    object `json:"values"`
}

// files is helm's `.Files`: what lies in the chart beside its templates.
type files struct{ folder string }

// Get gives the text of a file, or nothing where there is none, as helm does.
func (it files) Get(name string) string {
	text, err := os.ReadFile(filepath.Join(it.folder, filepath.FromSlash(name)))
	if err != nil {
		return ""
	}
	return string(text)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: render CHART-FOLDER < request.json")
	}
	folder := os.Args[1]
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	world, err := worldOf(folder, asked)
	if err != nil {
		return err
	}
	rendered, err := render(folder, world)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(rendered)
}

// worldOf makes what templates call `.`.
func worldOf(folder string, asked request) (object, error) {
	chart, err := readYaml(filepath.Join(folder, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	values, err := readYaml(filepath.Join(folder, "values.yaml"))
	if err != nil {
		return nil, err
	}
	return object{
		"Values":       merged(values, asked.Values),
		"Chart":        object{"Name": chart["name"], "Version": chart["version"], "AppVersion": chart["appVersion"]},
		"Release":      object{"Name": asked.Release, "Namespace": asked.Namespace, "Service": "Helm"},
		"Capabilities": object{"KubeVersion": object{"Version": "v1.30.0", "Major": "1", "Minor": "30"}},
		"Files":        files{folder},
	}, nil
}

func readYaml(file string) (object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	value := object{}
	return value, yaml.Unmarshal(text, &value)
}

// merged lays the user's values over the chart's: maps one by one, everything else whole, and null takes a key away.
func merged(below, above object) object {
	both := object{}
	for key, value := range below {
		both[key] = value
	}
	for key, value := range above {
		if value == nil {
			delete(both, key)
			continue
		}
		under, isMap := both[key].(object)
		over, overIsMap := value.(object)
		if isMap && overIsMap {
			both[key] = merged(under, over)
		} else {
			both[key] = value
		}
	}
	return both
}

func render(folder string, world object) (map[string]string, error) {
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	paths, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if _, err := root.New(nameOf(folder, path)).Parse(string(text)); err != nil {
			return nil, err
		}
	}
	rendered := map[string]string{}
	for _, path := range paths {
		name := nameOf(folder, path)
		if strings.HasPrefix(filepath.Base(path), "_") {
			continue
		}
		world["Template"] = object{"Name": name, "BasePath": "templates"}
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, name, world); err != nil {
			return nil, err
		}
		rendered[name] = strings.ReplaceAll(text.String(), "<no value>", "")
	}
	return rendered, nil
}

func nameOf(folder, path string) string {
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(name)
}

// functions are sprig's without those that read the environment, and helm's. There is no `lookup`: the chart asks no cluster.
func functions(root *template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	all["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	all["fromYaml"] = func(text string) object {
		value := object{}
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			value["Error"] = err.Error()
		}
		return value
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return value, errors.New(message)
		}
		return value, nil
	}
	all["fail"] = func(message string) (string, error) { return "", errors.New(message) }
	all["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all["tpl"] = func(text string, data interface{}) (string, error) {
		copied, err := root.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := copied.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = parsed.Execute(&out, data)
		return out.String(), err
	}
	return all
}
