"""LaTeX read as a line of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.render.formula import to_unicode
from core.render.markup import plain

READ = [
    (r"x^2 + y_1 \leq \sqrt{2}", "x² + y₁ ≤ √2"),
    (r"x\leq 2", "x≤2"),
    (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(-b ± √(b²-4ac))/(2a)"),
    (r"\frac12mv^2", "½mv²"),
    (r"2\frac{a}{b}c", "2(a/b)c"),
    (r"\frac{n(n+1)}{2}", "n(n+1)/2"),
    (r"\dfrac{P(B|A)P(A)}{P(B)}", "P(B|A)P(A)/P(B)"),
    (r"\frac{\partial f}{\partial x}", "∂f/∂x"),
    (r"\left( \frac{a}{b} \right)^{2}", "(a/b)²"),
    (r"\sqrt[3]{x+1}", "∛(x+1)"),
    (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
    (r"\lim_{x \to 0} \frac{\sin x}{x}", "lim(x → 0) (sin x)/x"),
    (r"\sin\theta + 2\cos x", "sin θ + 2 cos x"),
    (r"\log_{10} 100", "log₁₀ 100"),
    (r"e^{-x^2}", "e^(-x²)"),
    (r"a_{i,j}", "a_(i,j)"),
    (r"A^\top A^{-1} f'(x)", "Aᵀ A⁻¹ f′(x)"),
    (r"\alpha\beta \neq 2\pi r", "αβ ≠ 2πr"),
    (r"\mathbb{R}^n \to \mathbb E", "ℝⁿ → 𝔼"),
    (r"\hat{x} \vec{F}", "x̂ F⃗"),
    (r"x \not\in S, a \not= b", "x ∉ S, a ≠ b"),
    (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "(a, b; c, d)"),
    (r"\begin{cases} x & x>0 \\ -x & x\le 0 \end{cases}", "{x, x>0; -x, x≤0}"),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b\n= c"),
    (r"v = \frac{\text{路程}}{\text{时间}}", "v = 路程/时间"),
    (r"100\,\text{km/h}, 10\%", "100 km/h, 10%"),
    (r"\ce{2H2 + O2 -> 2H2O}", "2H₂ + O₂ → 2H₂O"),
    (r"\boxed{42} \binom{n}{k}", "42 C(n, k)"),
    (r"\operatorname{softmax}(x)_i", "softmax(x)ᵢ"),
    (r"\foo{x}", "foo(x)"),
]


@pytest.mark.parametrize(("latex", "read"), READ, ids=[latex for latex, _ in READ])
def test_a_formula_is_read_as_a_person_would_write_it_in_a_chat(latex, read):
    assert to_unicode(latex) == read


@pytest.mark.parametrize(
    "text",
    [
        "It is $5 and $10, or $5-$10.",
        "from US$5 to US$8, A$3",
        "between $5/month and 10$ a year",
        "用$5换$6，再付$7元",
        "$HOME/bin:$PATH and $A_B",
        "a footnote [1] and [see there]",
        "a lone $ or two $$",
    ],
)
def test_money_and_variables_are_no_formulas(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("$x$的值", "x的值"),
        (r"有\(x_1\)个", "有x₁个"),
        ("$$\nx\n=\n1\n$$", "x = 1"),
        ("So:\n\\[ x^2 \\]\nand", "So:\n\nx²\n\nand"),
        ("- a:\n  $$x^2$$\n- b", "• a:\n  x²\n• b"),
        ("> $$x^2$$", "> x²"),
        (r"25 $^\circ$C and $AB = CD$", "25 °C and AB = CD"),
        (r"\(as it is\) and \[1\]", "(as it is) and [1]"),
        ("`$x$` is code", "$x$ is code"),
        ("$$x^2", "$$x^2"),
    ],
)
def test_formulas_are_found_where_people_write_them(markdown, shown):
    assert plain(markdown) == shown


@given(st.lists(st.sampled_from([*"\\{}[]^_&$ '~ab1+\n中", r"\frac", r"\sqrt", r"\begin{cases}",
    r"\end{cases}", r"\left", r"\not", r"\text{", r"\hat", r"\\", r"\mathbb", r"\alpha", r"\in",
    r"\ce", r"\lim", r"\operatorname"]), max_size=40).map("".join))  # fmt: skip
def test_no_formula_raises_or_vanishes(latex):
    assert to_unicode(latex).strip() or not latex.strip()


@pytest.mark.parametrize(
    "latex",
    ["{" * 3000, r"\frac" * 3000, "^" * 3000, r"\begin{cases}" * 900, r"\left" * 3000, "[" * 3000],
)
def test_formulas_too_deep_are_shown_and_not_feared(latex):
    assert to_unicode(latex)
    assert plain(f"$${latex}$$")
