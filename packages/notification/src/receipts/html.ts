import { escapeHtml } from "@flowforge/platform"
import { formatAmount, formatDay, type Receipt } from "./receipt.ts"

const STYLE = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#eef1f5;color:#1c2733;font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif}
main{max-width:44rem;margin:2.5rem auto;padding:2.5rem 3rem 2rem;background:#fff;border-radius:12px;box-shadow:0 1px 3px #1c273322}
header{display:flex;justify-content:space-between;align-items:flex-start;padding-bottom:1.25rem;border-bottom:2px solid #14532d}
.brand{font-size:1.25rem;font-weight:700;color:#14532d}
.paid{padding:.15rem .8rem;border:1.5px solid #15803d;border-radius:99px;color:#15803d;font-size:.8rem;font-weight:700;letter-spacing:.08em}
h1{margin:1.5rem 0 1rem;font-size:1.7rem;line-height:1.2}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:0 0 2rem}
dt{color:#5b6b7b}dd{margin:0;overflow-wrap:anywhere}
.id{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.88rem}
table{width:100%;border-collapse:collapse}
th{padding:.5rem .5rem;border-bottom:1px solid #c5ced8;color:#5b6b7b;font-size:.8rem;font-weight:600;text-align:left}
td{padding:.6rem .5rem;border-bottom:1px solid #e6eaef;vertical-align:top}
td:first-child{overflow-wrap:anywhere}
td small{display:block;color:#5b6b7b}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
tfoot td{border:0;padding-top:1rem;font-size:1.2rem;font-weight:700}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid #e6eaef;color:#5b6b7b;font-size:.85rem}
@media(max-width:40rem){main{margin:0;padding:1.5rem;border-radius:0}}
@media print{body{background:#fff}main{margin:0;padding:0;max-width:none;box-shadow:none}tr{break-inside:avoid}@page{margin:18mm}}
`

/** The parts that all receipts share, joined once. */
const HEAD = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Receipt</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><span class="brand">FlowForge</span><span class="paid">PAID</span></header>
<h1>Receipt</h1>
<dl>
<dt>Order</dt><dd class="id">`
const LINES = `</dd>
</dl>
<table>
<thead><tr><th>Item</th><th class="n">Quantity</th><th class="n">Price</th><th class="n">Amount</th></tr></thead>
<tbody>
`
const FOOT = `</td></tr></tfoot>
</table>
<footer>Thank you for your order. Keep this receipt for your records.</footer>
</main>
</body>
</html>
`

/** A page to read and to print. Whatever anybody named or typed is escaped. */
export const renderHtml = (receipt: Receipt): string => {
  let lines = ""
  for (const { itemId, name, price, quantity } of receipt.lines) {
    lines += `<tr><td><bdi>${escapeHtml(name)}</bdi><small>Item ${itemId}</small></td><td class="n">${quantity}</td><td class="n">${formatAmount(price)}</td><td class="n">${formatAmount(quantity * price)}</td></tr>\n`
  }
  return `${HEAD}${receipt.orderId}</dd>
<dt>Date</dt><dd>${formatDay(receipt.day)}</dd>
<dt>Customer</dt><dd><bdi>${escapeHtml(receipt.customer)}</bdi>${LINES}${lines}</tbody>
<tfoot><tr><td colspan="2">Total</td><td colspan="2" class="n">${formatAmount(receipt.total)}${FOOT}`
}
