import { escapeHtml } from "../html.ts"

/** What somebody typed, kept from turning the direction of what stands around it. */
export const typed = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`

const STYLE = `:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#eef1f5;color:#1c2733;font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif}
main{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.3;overflow-wrap:anywhere}
a{color:#14532d}
nav{display:flex;gap:1.25rem;margin:1rem 0}
ol{margin:0;padding:0;list-style:none;background:#fff;border-radius:10px;overflow:hidden}
li{border-bottom:1px solid #e6eaef}li:last-child{border:0}
li a{display:grid;grid-template-columns:3.2rem 15rem 1fr auto;gap:0 1rem;align-items:baseline;padding:.7rem 1rem;color:inherit;text-decoration:none}
li a:hover,li a:focus{background:#f4f8f5}
li b{font-weight:600;overflow-wrap:anywhere}
.kind{padding:0 .45rem;border-radius:99px;background:#e6f3ea;color:#14532d;font-size:.75rem;font-weight:700;text-align:center}
.sms{background:#e8eefb;color:#1e3a8a}
.to{overflow:hidden;color:#43525f;text-overflow:ellipsis;white-space:nowrap}
time{color:#5b6b7b;font-size:.85rem;white-space:nowrap}
.empty{padding:2rem;background:#fff;border-radius:10px;color:#43525f}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:0 0 1.25rem}
dt{color:#5b6b7b}dd{margin:0;overflow-wrap:anywhere}
iframe{display:block;width:100%;height:28rem;border:0;border-radius:10px;background:#fff}
pre{margin:0;padding:1.25rem;border-radius:10px;background:#fff;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}
summary{margin:1rem 0 .5rem;cursor:pointer}
@media(max-width:44rem){main{margin:1rem auto}li a{grid-template-columns:auto 1fr auto}li .to{grid-column:2}li time{grid-column:3;grid-row:1}li b{grid-column:1/-1;margin-top:.2rem}iframe{height:32rem}}`

/** A page of the outbox. `body` is HTML. */
export const renderPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
