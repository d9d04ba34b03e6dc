extension ShowPage {
  static let style = """
    :root { --l0: #3b6fd4; --l1: #b4552d; --l2: #2f8f5b; --l3: #8a52c4; --l4: #a97a00; --l5: #c0467d; }
    @media (prefers-color-scheme: dark) {
      :root { --l0: #7aa7ff; --l1: #f0956b; --l2: #5fcf94; --l3: #c79bff; --l4: #e5bd4e; --l5: #f58fba; }
    }
    html { scroll-behavior: smooth; }
    @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
    main { max-width: 88rem; margin: 0 auto; padding: clamp(1rem, 3vw, 3rem) clamp(.75rem, 2.5vw, 2.5rem) 3rem; }
    p, li, td, th, dd, dt, h1, h2, h3 { overflow-wrap: anywhere; }
    section { padding: 1.4rem 1.6rem; scroll-margin-top: 1rem; }
    header { padding: clamp(1.4rem, 3vw, 2.75rem) clamp(1.25rem, 3vw, 3rem); border-top: 5px solid var(--link); }
    h1 { margin: .1rem 0 .3rem; font-size: clamp(2.1rem, 5vw, 3.6rem); line-height: 1.1;
      letter-spacing: -.025em; }
    .lead { margin: 0 0 1.5rem; color: var(--soft); font-size: clamp(1.05rem, 1.6vw, 1.35rem);
      max-width: 60rem; text-wrap: balance; }
    .numbers { display: flex; flex-wrap: wrap; gap: .9rem 2.5rem; margin: 0 0 1.6rem; }
    .numbers div { display: flex; flex-direction: column; }
    .numbers dd { font-size: 1.9rem; line-height: 1.15; }
    .numbers dt { font-size: .85rem; }
    .have { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin-bottom: 1.4rem; }
    .have p { margin: 0; }
    .have p:first-child { color: var(--soft); }
    .line { flex: 0 1 auto; min-width: 0; background: var(--ink); color: var(--paper); border-radius: 10px;
      padding: .65rem 1.1rem; user-select: all; }
    .line code { font-size: clamp(.95rem, 1.4vw, 1.2rem); overflow-wrap: anywhere; }
    .line code::before { content: "$ "; opacity: .55; }
    nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; }
    nav a { color: var(--link); text-decoration: none; padding: .3rem 0; display: inline-block; }
    nav a:hover { text-decoration: underline; }
    .skip { position: absolute; left: -100rem; top: .5rem; background: var(--paper); color: var(--link);
      padding: .5rem 1rem; z-index: 1; }
    .skip:focus { left: .5rem; }
    h2 { font-size: 1.3rem; letter-spacing: -.01em; }
    h3 { margin: 1.2rem 0 .35rem; font-size: .8rem; font-weight: 600; color: var(--soft);
      letter-spacing: .04em; text-transform: uppercase; }
    h2 + h3, .group h3 { margin-top: 0; }
    .columns { margin-bottom: 1.25rem; }
    .columns section { break-inside: avoid; }
    .columns section:last-child { margin-bottom: 0; }
    .layer { flex: none; width: .6rem; height: .6rem; border-radius: 50%; background: var(--own);
      display: inline-block; margin: .5rem .7rem 0 0; print-color-adjust: exact; }
    .l0 { --own: var(--l0); } .l1 { --own: var(--l1); } .l2 { --own: var(--l2); }
    .l3 { --own: var(--l3); } .l4 { --own: var(--l4); } .l5 { --own: var(--l5); }
    .entries li { display: flex; align-items: flex-start; padding: .3rem 0; border-bottom: 1px solid var(--line); }
    .entries li:last-child { border-bottom: 0; }
    .what { flex: 1 1 0; min-width: 0; }
    .what strong { font-weight: 600; }
    .value { font-variant-numeric: tabular-nums; color: var(--soft); margin-left: .25rem; }
    small { display: block; color: var(--soft); font-size: .82rem; line-height: 1.4; }
    .from { flex: 0 1 auto; max-width: 42%; margin-left: 1rem; text-align: right; color: var(--soft);
      font-size: .82rem; padding-top: .12rem; overflow-wrap: anywhere; }
    .abilities li { display: flex; gap: .6rem; padding: .35rem .7rem; margin-bottom: .3rem; border-radius: 6px;
      border-left: 3px solid var(--line); }
    .abilities .is-grave { border-left-color: var(--open); background: var(--open-tint); }
    .abilities span { min-width: 0; overflow-wrap: anywhere; }
    .grave { flex: none; color: var(--open); font-size: .78rem; text-transform: uppercase; letter-spacing: .04em;
      padding-top: .14rem; }
    .plain li { padding: .12rem 0; }
    table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: .92rem; }
    th { text-align: left; font-weight: 400; }
    thead th { color: var(--soft); font-size: .8rem; }
    th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    th:first-child { width: 40%; }
    tr:last-child > * { border-bottom: 0; }
    td:first-of-type { color: var(--soft); }
    tr.is-grave td:last-child { color: var(--open); }
    .groups { columns: 26rem; column-gap: 3rem; }
    .group { margin: 0 0 1.6rem; }
    .group h3 { break-after: avoid; }
    .keys li { display: flex; align-items: flex-start; padding: .22rem 0; break-inside: avoid; }
    .keys .layer { margin-top: .45rem; }
    .name { flex: 0 0 auto; max-width: 45%; min-width: 8rem; margin-right: 1rem; font-weight: 600;
      overflow-wrap: anywhere; }
    kbd.name { font-weight: 500; }
    .meaning { flex: 1 1 0; min-width: 0; color: var(--soft); overflow-wrap: anywhere; }
    .layers { list-style: none; margin: 0; padding: 0; }
    .layers li { position: relative; padding: .5rem 0 .5rem 1.4rem; border-bottom: 1px solid var(--line); }
    .layers li:last-child { border-bottom: 0; }
    .layers .layer { position: absolute; left: 0; top: .5rem; }
    .kind { color: var(--soft); font-size: .85rem; margin-left: .3rem; }
    .address { display: block; color: var(--soft); overflow-wrap: anywhere; }
    .note { margin: .8rem 0 0; }
    footer p { margin: 0; }
    footer code { white-space: nowrap; }
    @media (min-width: 64rem) { .columns { columns: 2; column-gap: 1.25rem; } }
    @media (max-width: 40rem) {
      section, header { padding: 1.1rem 1rem; border-radius: 10px; }
      .numbers { gap: .6rem 1.5rem; } .numbers dd { font-size: 1.5rem; }
      .have { align-items: stretch; flex-direction: column; }
      nav a { padding: .45rem 0; }
      thead { display: none; }
      tr { display: block; padding: .45rem 0; border-bottom: 1px solid var(--line); }
      tr:last-child { border-bottom: 0; }
      th, th:first-child, td { display: block; width: auto; border: 0; padding: .05rem 0; }
      td::before { content: attr(data-label) " "; color: var(--soft); font-size: .82rem; }
      .name { min-width: 6rem; }
    }
    @media print {
      :root { --ground: #fff; --paper: #fff; --ink: #111; --soft: #555; --line: #ccc; }
      main { max-width: none; padding: 0; }
      nav, .skip { display: none; }
      .line { background: none; color: var(--ink); border: 1px solid var(--ink); }
      .columns { columns: 2; column-gap: .8rem; }
      html { font-size: 11px; } body { font-size: 1rem; } header, section { padding: .8rem 1rem; margin-bottom: .8rem; }
    }
    """
}
