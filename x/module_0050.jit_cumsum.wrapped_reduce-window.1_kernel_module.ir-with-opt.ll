; ModuleID = '__compute_module_wrapped_reduce-window.1_kernel_module'
source_filename = "__compute_module_wrapped_reduce-window.1_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @wrapped_reduce-window.1(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !5
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  %9 = load float, ptr %6, align 4, !invariant.load !3, !alias.scope !9, !noalias !13
  br label %10

10:                                               ; preds = %1, %125
  %11 = phi i64 [ 0, %1 ], [ %126, %125 ]
  %12 = shl nuw nsw i64 %11, 4
  %13 = getelementptr [4 x i8], ptr %4, i64 %12
  %14 = getelementptr [4 x i8], ptr %8, i64 %12
  br label %.preheader

.preheader:                                       ; preds = %10, %119
  %15 = phi i64 [ 0, %10 ], [ %120, %119 ]
  %16 = getelementptr [4 x i8], ptr %13, i64 %15
  %17 = icmp samesign ugt i64 %15, 14
  br i1 %17, label %.thread, label %22

.thread:                                          ; preds = %.preheader
  %18 = getelementptr i8, ptr %16, i64 -60
  %19 = load float, ptr %18, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %20 = fadd reassoc float %9, %19
  %21 = add nuw nsw i64 %15, 1
  br label %.thread4

22:                                               ; preds = %.preheader
  %23 = add nuw nsw i64 %15, 1
  %24 = icmp eq i64 %15, 14
  br i1 %24, label %.thread4, label %30

.thread4:                                         ; preds = %22, %.thread
  %25 = phi i64 [ %21, %.thread ], [ %23, %22 ]
  %26 = phi float [ %20, %.thread ], [ %9, %22 ]
  %27 = getelementptr i8, ptr %16, i64 -56
  %28 = load float, ptr %27, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %29 = fadd reassoc float %26, %28
  br label %.thread5

30:                                               ; preds = %22
  %31 = icmp samesign ugt i64 %15, 12
  br i1 %31, label %.thread5, label %37

.thread5:                                         ; preds = %30, %.thread4
  %32 = phi float [ %29, %.thread4 ], [ %9, %30 ]
  %33 = phi i64 [ %25, %.thread4 ], [ %23, %30 ]
  %34 = getelementptr i8, ptr %16, i64 -52
  %35 = load float, ptr %34, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %36 = fadd reassoc float %32, %35
  br label %.thread6

37:                                               ; preds = %30
  %38 = icmp eq i64 %15, 12
  br i1 %38, label %.thread6, label %44

.thread6:                                         ; preds = %37, %.thread5
  %39 = phi float [ %36, %.thread5 ], [ %9, %37 ]
  %40 = phi i64 [ %33, %.thread5 ], [ %23, %37 ]
  %41 = getelementptr i8, ptr %16, i64 -48
  %42 = load float, ptr %41, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %43 = fadd reassoc float %39, %42
  br label %.thread7

44:                                               ; preds = %37
  %45 = icmp samesign ugt i64 %15, 10
  br i1 %45, label %.thread7, label %51

.thread7:                                         ; preds = %44, %.thread6
  %46 = phi float [ %43, %.thread6 ], [ %9, %44 ]
  %47 = phi i64 [ %40, %.thread6 ], [ %23, %44 ]
  %48 = getelementptr i8, ptr %16, i64 -44
  %49 = load float, ptr %48, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %50 = fadd reassoc float %46, %49
  br label %.thread8

51:                                               ; preds = %44
  %52 = icmp eq i64 %15, 10
  br i1 %52, label %.thread8, label %58

.thread8:                                         ; preds = %51, %.thread7
  %53 = phi float [ %50, %.thread7 ], [ %9, %51 ]
  %54 = phi i64 [ %47, %.thread7 ], [ %23, %51 ]
  %55 = getelementptr i8, ptr %16, i64 -40
  %56 = load float, ptr %55, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %57 = fadd reassoc float %53, %56
  br label %.thread9

58:                                               ; preds = %51
  %59 = icmp samesign ugt i64 %15, 8
  br i1 %59, label %.thread9, label %65

.thread9:                                         ; preds = %58, %.thread8
  %60 = phi float [ %57, %.thread8 ], [ %9, %58 ]
  %61 = phi i64 [ %54, %.thread8 ], [ %23, %58 ]
  %62 = getelementptr i8, ptr %16, i64 -36
  %63 = load float, ptr %62, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %64 = fadd reassoc float %60, %63
  br label %.thread10

65:                                               ; preds = %58
  %66 = icmp eq i64 %15, 8
  br i1 %66, label %.thread10, label %72

.thread10:                                        ; preds = %65, %.thread9
  %67 = phi float [ %64, %.thread9 ], [ %9, %65 ]
  %68 = phi i64 [ %61, %.thread9 ], [ %23, %65 ]
  %69 = getelementptr i8, ptr %16, i64 -32
  %70 = load float, ptr %69, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %71 = fadd reassoc float %67, %70
  br label %.thread11

72:                                               ; preds = %65
  %73 = icmp samesign ugt i64 %15, 6
  br i1 %73, label %.thread11, label %79

.thread11:                                        ; preds = %72, %.thread10
  %74 = phi float [ %71, %.thread10 ], [ %9, %72 ]
  %75 = phi i64 [ %68, %.thread10 ], [ %23, %72 ]
  %76 = getelementptr i8, ptr %16, i64 -28
  %77 = load float, ptr %76, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %78 = fadd reassoc float %74, %77
  br label %.thread12

79:                                               ; preds = %72
  %80 = icmp eq i64 %15, 6
  br i1 %80, label %.thread12, label %86

.thread12:                                        ; preds = %79, %.thread11
  %81 = phi float [ %78, %.thread11 ], [ %9, %79 ]
  %82 = phi i64 [ %75, %.thread11 ], [ %23, %79 ]
  %83 = getelementptr i8, ptr %16, i64 -24
  %84 = load float, ptr %83, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %85 = fadd reassoc float %81, %84
  br label %.thread13

86:                                               ; preds = %79
  %87 = icmp samesign ugt i64 %15, 4
  br i1 %87, label %.thread13, label %93

.thread13:                                        ; preds = %86, %.thread12
  %88 = phi float [ %85, %.thread12 ], [ %9, %86 ]
  %89 = phi i64 [ %82, %.thread12 ], [ %23, %86 ]
  %90 = getelementptr i8, ptr %16, i64 -20
  %91 = load float, ptr %90, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %92 = fadd reassoc float %88, %91
  br label %.thread14

93:                                               ; preds = %86
  %94 = icmp eq i64 %15, 4
  br i1 %94, label %.thread14, label %100

.thread14:                                        ; preds = %93, %.thread13
  %95 = phi float [ %92, %.thread13 ], [ %9, %93 ]
  %96 = phi i64 [ %89, %.thread13 ], [ %23, %93 ]
  %97 = getelementptr i8, ptr %16, i64 -16
  %98 = load float, ptr %97, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %99 = fadd reassoc float %95, %98
  br label %.thread15

100:                                              ; preds = %93
  %101 = icmp samesign ugt i64 %15, 2
  br i1 %101, label %.thread15, label %107

.thread15:                                        ; preds = %100, %.thread14
  %102 = phi float [ %99, %.thread14 ], [ %9, %100 ]
  %103 = phi i64 [ %96, %.thread14 ], [ %23, %100 ]
  %104 = getelementptr i8, ptr %16, i64 -12
  %105 = load float, ptr %104, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %106 = fadd reassoc float %102, %105
  br label %.thread16

107:                                              ; preds = %100
  switch i64 %15, label %113 [
    i64 2, label %.thread16
    i64 0, label %119
  ]

.thread16:                                        ; preds = %107, %.thread15
  %108 = phi float [ %106, %.thread15 ], [ %9, %107 ]
  %109 = phi i64 [ %103, %.thread15 ], [ %23, %107 ]
  %110 = getelementptr i8, ptr %16, i64 -8
  %111 = load float, ptr %110, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %112 = fadd reassoc float %108, %111
  br label %113

113:                                              ; preds = %107, %.thread16
  %114 = phi float [ %112, %.thread16 ], [ %9, %107 ]
  %115 = phi i64 [ %109, %.thread16 ], [ %23, %107 ]
  %116 = getelementptr i8, ptr %16, i64 -4
  %117 = load float, ptr %116, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %118 = fadd reassoc float %114, %117
  br label %119

119:                                              ; preds = %107, %113
  %120 = phi i64 [ %115, %113 ], [ %23, %107 ]
  %121 = phi float [ %118, %113 ], [ %9, %107 ]
  %122 = load float, ptr %16, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %123 = fadd reassoc float %121, %122
  %124 = getelementptr [4 x i8], ptr %14, i64 %15
  store float %123, ptr %124, align 4, !alias.scope !11, !noalias !15
  %exitcond.not = icmp eq i64 %120, 16
  br i1 %exitcond.not, label %125, label %.preheader, !llvm.loop !16

125:                                              ; preds = %119
  %126 = add nuw nsw i64 %11, 1
  %exitcond2.not = icmp eq i64 %126, 4
  br i1 %exitcond2.not, label %wrapped_reduce-window.1_wrapped.exit, label %10, !llvm.loop !16

wrapped_reduce-window.1_wrapped.exit:             ; preds = %125
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 4}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 256}
!5 = !{i64 4}
!6 = !{!7}
!7 = distinct !{!7, !8, !"wrapped_reduce-window.1_wrapped: argument 0"}
!8 = distinct !{!8, !"wrapped_reduce-window.1_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"wrapped_reduce-window.1_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"wrapped_reduce-window.1_wrapped: argument 2"}
!13 = !{!7, !12}
!14 = !{!10, !12}
!15 = !{!7, !10}
!16 = distinct !{!16, !17}
!17 = !{!"llvm.loop.unroll.disable"}
