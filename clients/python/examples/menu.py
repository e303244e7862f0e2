#!/usr/bin/python3
"""Text and a menu: by the arrow keys and Return, by the mouse, or by typing a name. Escape ends."""
import kmsblit

WIDTH, HEIGHT = 320, 240

with kmsblit.connect() as display:
    window = display.window((WIDTH, HEIGHT), title="menu")
    font, small = kmsblit.Font("bold", 24), kmsblit.Font(size=14)
    title = kmsblit.Font("bold", 36).render("Space Fish", True, "gold")
    lines = ["Play", "Name", "Quit"]
    places = [kmsblit.Rect(100, 90 + 36 * row, 120, 32) for row in range(len(lines))]
    chosen, name, said, running = 0, "", "arrow keys and Return, or the mouse", True
    while running:
        pressed = False
        for event in kmsblit.events():
            if event.type == kmsblit.QUIT:
                running = False
            elif event.type == kmsblit.KEYDOWN and event.key == kmsblit.K_ESCAPE:
                running = False
            elif event.type == kmsblit.KEYDOWN and event.key in (kmsblit.K_UP, kmsblit.K_DOWN):
                chosen = (chosen + (1 if event.key == kmsblit.K_DOWN else -1)) % len(lines)
            elif event.type == kmsblit.KEYDOWN and event.key == kmsblit.K_RETURN:
                pressed = True
            elif event.type == kmsblit.KEYDOWN and event.key == kmsblit.K_BACKSPACE:
                name = name[:-1]
            elif event.type == kmsblit.TEXTINPUT and chosen == 1:
                name = (name + event.text)[:12]
            elif event.type in (kmsblit.MOUSEMOTION, kmsblit.MOUSEBUTTONDOWN):
                under = [row for row, place in enumerate(places) if place.collidepoint(event.pos)]
                chosen = under[0] if under else chosen
                pressed = bool(under) and event.type == kmsblit.MOUSEBUTTONDOWN
        if pressed:
            running = lines[chosen] != "Quit"
            said = f"{name or 'Somebody'} plays" if chosen == 0 else "type a name"
        window.fill((24, 28, 52))
        window.blit(title, title.get_rect(center=(WIDTH // 2, 44)))
        for row, line in enumerate(lines):
            text = f"Name: {name}" if line == "Name" and name else line
            window.draw_text(font, text, places[row], "white" if row == chosen else (120, 130, 170))
        window.draw_text(small, said, (10, HEIGHT - 24), (160, 200, 160))
        window.flip()
