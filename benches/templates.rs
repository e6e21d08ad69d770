//! What a page of a view costs, against minijinja alone with the same template and data.

mod support;

use cepa::Mode;
use cepa::http::{Request as HttpRequest, Uri};
use cepa::prelude::*;
use cepa::templates::minijinja::value::{Serde, Value as TemplateValue};
use cepa::templates::minijinja::{Environment, UndefinedBehavior};
use cepa::templates::{Templates, View};
use serde::Serialize;
use std::hint::black_box;
use support::{Cases, row};

const TEMPLATES: [(&str, &str); 2] = [
    (
        "layout.html",
        "<!doctype html><title>{% block title %}{% endblock %}</title>\
         <nav>{% for entry in menu %}<a href=\"/{{ entry }}\">{{ entry }}</a>{% endfor %}</nav>\
         <main>{% block body %}{% endblock %}</main>",
    ),
    (
        "list.html",
        "{% extends 'layout.html' %}{% block title %}{{ title }}{% endblock %}\
         {% block body %}<h1>{{ title }}</h1><table>{% for it in rows %}\
         <tr class=\"{{ loop.cycle('odd', 'even') }}\"><td>{{ it.id }}</td><td>{{ it.name }}</td>\
         <td>{% if it.note %}{{ it.note }}{% else %}-{% endif %}</td></tr>{% endfor %}</table>{% endblock %}",
    ),
];

#[derive(Serialize)]
struct Data {
    title: &'static str,
    menu: [&'static str; 4],
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: usize,
    name: String,
    note: Option<&'static str>,
}

fn data(rows: usize) -> Data {
    let row = |id| Row {
        id,
        name: format!("Number {id} & co"),
        note: (id % 3 == 0).then_some("<b>a note</b> of some length"),
    };
    Data {
        title: "A list",
        menu: ["home", "books", "authors", "about"],
        rows: (0..rows).map(row).collect(),
    }
}

/// As `Templates` sets it up in production, without anything of ours.
fn env() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        env.add_template(name, text).expect("it can be parsed");
    }
    env
}

fn alone(rows: usize) -> Box<dyn FnMut()> {
    let env = env();
    Box::new(move || {
        let template = env.get_template("list.html").expect("it is there");
        let page = template.render(TemplateValue::from(Serde(data(rows))));
        let res = Html(page.expect("it can be rendered")).into_response();
        drop(black_box(res));
    })
}

fn app<const ROWS: usize>() -> App {
    App::new()
        .mode(Mode::Production)
        .plug(Templates::embedded(TEMPLATES))
        .get("/", async || View::new("list.html", data(ROWS)))
        .get("/text", async || "text")
}

fn bare() -> App {
    App::new().mode(Mode::Production).get("/", async || "text")
}

fn get(path: &'static str) -> impl Fn() -> HttpRequest<&'static str> {
    move || {
        let mut req = HttpRequest::new("");
        *req.uri_mut() = Uri::from_static(path);
        req
    }
}

fn main() {
    let mut cases = Cases::default();
    cases.ask("bare", bare, get("/"));
    cases.ask("text", app::<1>, get("/text"));
    cases.add("minijinja, 10 rows", || alone(10));
    cases.add("minijinja, 100 rows", || alone(100));
    cases.ask("view, 10 rows", app::<10>, get("/"));
    cases.ask("view, 100 rows", app::<100>, get("/"));
    cases.table(&[
        row("minijinja alone, a page of 10 rows", "minijinja, 10 rows"),
        row("View, beyond a request", "view, 10 rows").beyond("bare"),
    ]);
    cases.table(&[
        row("minijinja alone, a page of 100 rows", "minijinja, 100 rows"),
        row("View, beyond a request", "view, 100 rows").beyond("bare"),
    ]);
    cases.table(&[
        row("request without templates", "bare"),
        row("Templates around what is no view", "text").beyond("bare"),
    ]);
}
