package slackdouble

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

func (d *Double) uploadURL(rw http.ResponseWriter, r *http.Request, _ Fault) {
	length, err := strconv.Atoi(r.FormValue("length"))
	switch {
	case err != nil || length <= 0:
		d.refuse(rw, "invalid_arguments", "length")
		return
	case r.FormValue("filename") == "":
		d.refuse(rw, "invalid_arguments", "filename")
		return
	case len(r.FormValue("alt_txt")) > 4*1000:
		d.refuse(rw, "alt_txt_too_large", "alt_txt")
		return
	}
	f := File{
		ID: "F" + strconv.Itoa(len(d.files)+1), Name: r.FormValue("filename"),
		Alt: r.FormValue("alt_txt"), Length: length,
	}
	d.files = append(d.files, f)
	reply(rw, map[string]any{
		"ok": true, "upload_url": d.server.URL + "/upload/" + f.ID, "file_id": f.ID,
	})
}

func (d *Double) file(id string) *File {
	for i := range d.files {
		if d.files[i].ID == id {
			return &d.files[i]
		}
	}
	return nil
}

func (d *Double) upload(rw http.ResponseWriter, r *http.Request, _ Fault) {
	f := d.file(strings.TrimPrefix(r.URL.Path, "/upload/"))
	if f == nil {
		http.NotFound(rw, r)
		return
	}
	part, _, err := r.FormFile("file")
	if err != nil {
		http.Error(rw, "no file", http.StatusBadRequest)
		return
	}
	if f.Body, err = io.ReadAll(part); err != nil || len(f.Body) != f.Length {
		http.Error(rw, "another length", http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(rw, "OK - "+strconv.Itoa(len(f.Body)))
}

func (d *Double) complete(rw http.ResponseWriter, r *http.Request, fault Fault) {
	var in []struct{ ID, Title string }
	if err := json.Unmarshal([]byte(r.FormValue("files")), &in); err != nil || len(in) == 0 {
		d.refuse(rw, "invalid_arguments", "files")
		return
	}
	channel := r.FormValue("channel_id")
	if _, code := d.channel(channel); code != "" {
		d.refuse(rw, code, channel)
		return
	}
	var out []map[string]any
	for _, want := range in {
		f := d.file(want.ID)
		if f == nil || f.Body == nil {
			d.refuse(rw, "file_not_found", want.ID)
			return
		}
		f.Title = want.Title
		if !fault.Unshared {
			f.Channel, f.Thread = channel, r.FormValue("thread_ts")
		}
		out = append(out, map[string]any{"id": f.ID, "title": f.Title})
	}
	reply(rw, map[string]any{"ok": true, "files": out})
}

func (d *Double) info(rw http.ResponseWriter, r *http.Request, _ Fault) {
	f := d.file(r.FormValue("file"))
	if f == nil {
		d.refuse(rw, "file_not_found", r.FormValue("file"))
		return
	}
	shares := map[string]any{}
	if f.Channel != "" {
		shares["public"] = map[string]any{
			f.Channel: []any{map[string]any{"thread_ts": f.Thread, "ts": "1795305600.900000"}},
		}
	}
	reply(rw, map[string]any{
		"ok": true, "file": map[string]any{
			"id": f.ID, "name": f.Name, "title": f.Title, "shares": shares,
		},
	})
}
