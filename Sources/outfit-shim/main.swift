import OutfitDispatch

Launcher.main()
