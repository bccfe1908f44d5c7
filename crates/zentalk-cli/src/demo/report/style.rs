/// The page's style sheet.
pub(super) const CSS: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p{max-width:62rem}\
.good,.bad{padding:.5rem .8rem;border-left:4px solid #2b8a3e;background:#2b8a3e1a;max-width:none}\
.bad{border-color:#c92a2a;background:#c92a2a1a}\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:.8rem;margin-top:1rem}\
.cards div{border:1px solid #8884;border-radius:8px;padding:.7rem .9rem}\
.cards b{display:block;font-size:1.5rem;line-height:1.2}.cards span{font-size:.85rem;color:#888;line-height:1.3}\
table{border-collapse:collapse;margin:.6rem 0}\
th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid #8884;vertical-align:top}\
tr>th[scope=row]{font-weight:400;color:#888}\
.findings{list-style:none;padding:0;margin:0}.findings li{padding-left:1.4rem;text-indent:-1.4rem}\
.findings li::before{display:inline-block;width:1.4rem;text-indent:0}\
.findings .yes::before{content:\"✓\";color:#2b8a3e}.findings .no::before{content:\"✗\";color:#c92a2a}\
.findings small{color:#888;margin-left:.4rem}\
b.yes{color:#2b8a3e}b.no{color:#c92a2a}\
td.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1rem}\
figure{margin:0}figcaption{font-size:.9rem}figcaption span{margin-left:.6rem}\
summary h2{display:inline;cursor:pointer}details{margin-top:2.2rem}\
svg{width:100%;height:auto;font-size:11px;fill:#888;margin:.3rem 0}\
svg .grid{stroke:#8883}svg .mark{stroke:#888;stroke-dasharray:3 3}svg text{stroke:none}\
svg .name{font-size:12px}svg .on{fill:#fff}\
rect.opens{fill:#2b8a3e}rect.part{fill:#e8a33d}rect.fails{fill:#c92a2a}\
b.opens{color:#2b8a3e}b.part{color:#e8a33d}b.fails{color:#c92a2a}\
.still{margin:.6rem 0}.still div{display:flex;gap:.5rem}.still img{width:50%;height:auto}\
.tiles{width:100%}.tiles td{padding:.3rem;text-align:center;line-height:1.25}\
.tiles img{width:100%;max-width:190px;height:auto;display:block;margin:0 auto .2rem;border-radius:4px}\
pre{overflow-x:auto;font-size:.78rem;line-height:1.4}\
.hex .h,.legend .h{background:#1971c233}.hex .d,.legend .d{background:#0ca67840}.hex .c,.legend .c{background:#f0c41966}\
.hex .s,.legend .s{background:#e8590c44}.hex .e,.legend .e{background:#86868638}.hex .t,.legend .t{background:#86868677}\
.hex .x,.legend .x{background:#86868620}.hex .p,.legend .p{background:#2b8a3e55}\
.legend span{padding:.1rem .4rem;border-radius:3px;font-size:.8rem;white-space:nowrap}";
