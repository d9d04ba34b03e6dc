# In an interactive shell only; what you have set yourself stays. See shell/bashrc for the words.
if status is-interactive
    switch '{{prompt}}'
        case own
            command outfit shell-init fish 2>/dev/null | source
        case '*'
            command outfit prompt fish --keep-own 2>/dev/null | source
    end
end
