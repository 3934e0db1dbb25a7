"""Gradio's own components in our colours and the system's fonts, so that no font is fetched."""

from __future__ import annotations

import gradio as gr

SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Code", "Menlo", "Consolas", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """Return the theme, whose colours are tokens that `static/shared/page.css` defines for light and for dark."""
    base = gr.themes.Base(font=SANS, font_mono=MONO, radius_size=gr.themes.sizes.radius_sm)
    colours = {
        "body_background_fill": "var(--ll-page)",
        "body_text_color": "var(--ll-ink)",
        "body_text_color_subdued": "var(--ll-soft)",
        "background_fill_primary": "var(--ll-card)",
        "background_fill_secondary": "var(--ll-well)",
        "block_background_fill": "var(--ll-card)",
        "block_border_color": "var(--ll-line)",
        "block_label_background_fill": "var(--ll-card)",
        "block_label_text_color": "var(--ll-soft)",
        "block_title_text_color": "var(--ll-soft)",
        "block_info_text_color": "var(--ll-soft)",
        "border_color_primary": "var(--ll-line)",
        "border_color_accent": "var(--ll-accent)",
        "color_accent": "var(--ll-accent)",
        "color_accent_soft": "var(--ll-tint)",
        "link_text_color": "var(--ll-accent)",
        "input_background_fill": "var(--ll-well)",
        "input_border_color": "var(--ll-edge)",
        "input_border_color_focus": "var(--ll-accent)",
        "input_placeholder_color": "var(--ll-soft)",
        "slider_color": "var(--ll-accent)",
        "checkbox_background_color": "var(--ll-well)",
        "checkbox_background_color_selected": "var(--ll-accent)",
        "checkbox_border_color": "var(--ll-edge)",
        "checkbox_border_color_selected": "var(--ll-accent)",
        "checkbox_label_background_fill": "var(--ll-well)",
        "checkbox_label_background_fill_selected": "var(--ll-tint)",
        "checkbox_label_text_color": "var(--ll-ink)",
        "button_primary_background_fill": "var(--ll-accent)",
        "button_primary_background_fill_hover": "var(--ll-accent-strong)",
        "button_primary_text_color": "var(--ll-on-accent)",
        "button_secondary_background_fill": "var(--ll-well)",
        "button_secondary_background_fill_hover": "var(--ll-tint)",
        "button_secondary_text_color": "var(--ll-ink)",
        "button_secondary_border_color": "var(--ll-edge)",
    }
    dark = {f"{name}_dark": value for name, value in colours.items() if hasattr(base, f"{name}_dark")}
    return base.set(**colours, **dark)
