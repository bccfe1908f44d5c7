/// The page's style sheet.
pub(super) const CSS: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .6rem}\
.good,.bad{padding:.5rem .8rem;border-left:4px solid #2b8a3e;background:#2b8a3e1a}\
.bad{border-color:#c92a2a;background:#c92a2a1a}\
table{border-collapse:collapse}\
th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid #8884;vertical-align:top}\
tr>th[scope=row]{font-weight:400;color:#888}\
.findings{list-style:none;padding:0;margin:0}.findings li::before{display:inline-block;width:1.4rem}\
.findings .yes::before{content:\"✓\";color:#2b8a3e}.findings .no::before{content:\"✗\";color:#c92a2a}\
.findings small{color:#888;margin-left:.4rem}\
td.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1rem}\
figure{margin:0}figcaption{font-size:.9rem}figcaption span{margin-left:.6rem}\
svg{width:100%;height:auto;font-size:11px;fill:#888}\
svg .grid{stroke:#8883}svg text{stroke:none}\
.still{margin:.6rem 0}.still div{display:flex;gap:.5rem}.still img{width:50%;height:auto}\
.tiles td{padding:.2rem;text-align:center;line-height:1.2}.tiles img{width:150px;height:auto;display:block;margin:auto}\
pre{overflow-x:auto;font-size:.85rem;line-height:1.35}\
.lane{fill:none;stroke:#8886;stroke-width:2}";
